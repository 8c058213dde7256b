"""The packages of a plan, and the sizes of packages, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pulumi_poetry_layer.cli.tables import Column, print_table
from pulumi_poetry_layer.units import mebibytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_poetry_layer.cli.console import Console
    from pulumi_poetry_layer.plan.build_plan import BuildPlan

_NAME = Column(title="name", style="bold", wraps=True)
_VERSION = Column(title="version", wraps=True)
_FROM_PACKAGES = 3


class PackageRow(NamedTuple):
    """The size of a package, as a row of a table.

    Attributes:
        name: its name.
        version: its version.
        unzipped_size: bytes of its files; None if that is not known.
        others: more texts, one for each further column.
    """

    name: str
    version: str
    unzipped_size: int | None
    others: tuple[str, ...] = ()


def print_plan_table(plan: BuildPlan, requesters: Mapping[str, Sequence[str]], console: Console) -> None:
    """Print the packages of a plan: name, version, kind, where from, who needs it.

    Their files are in a column of their own elsewhere than on a terminal, which is too narrow for that: with
    ``--verbose``, it shows them in a second table.

    Args:
        plan: the plan.
        requesters: name → the groups, extras and packages that request it.
        console: how to print.
    """
    with_file = not console.is_terminal
    columns = [
        _NAME,
        _VERSION,
        Column(title="kind"),
        Column(title="from", wraps=True),
        *([Column(title="file", wraps=True)] if with_file else []),
        Column(title="needed by", wraps=True),
    ]
    rows = [
        [
            package.name,
            package.version,
            package.kind,
            package.origin,
            *([package.file.name if package.file else ""] if with_file else []),
            _listed(requesters.get(package.name, ()), console),
        ]
        for package in plan.packages
    ]
    print_table(console, columns, rows)
    if console.verbose and console.is_terminal:
        files = [[package.name, package.file.name] for package in plan.packages if package.file]
        print_table(console, [_NAME, Column(title="file", wraps=True)], files)


def _listed(requesters: Sequence[str], console: Console) -> str:
    shown = len(requesters) if console.verbose or not console.is_terminal else _FROM_PACKAGES
    rest = len(requesters) - shown
    return ", ".join(requesters[:shown]) + (f" and {rest} more" if rest > 0 else "")


def print_size_table(
    packages: Sequence[PackageRow], unzipped_size: int, console: Console, *, others: Sequence[Column] = ()
) -> None:
    """Print packages with their sizes, the largest first, and the share of each.

    Args:
        packages: the packages.
        unzipped_size: bytes of all files, of which the shares are parts.
        console: how to print.
        others: the further columns.
    """
    ordered = sorted(packages, key=lambda package: (-(package.unzipped_size or 0), package.name))
    largest = max((package.unzipped_size or 0 for package in packages), default=0) or 1
    columns = [
        _NAME,
        _VERSION,
        *others,
        Column(title="unzipped", is_number=True),
        Column(title="share", is_number=True),
    ]
    rows = [[row.name, row.version, *row.others, *_size_cells(row.unzipped_size, unzipped_size)] for row in ordered]
    print_table(console, columns, rows, shares=[(package.unzipped_size or 0) / largest for package in ordered])


def _size_cells(size: int | None, whole: int) -> tuple[str, str]:
    if size is None:
        return "unknown", ""
    return mebibytes(size), f"{size / (whole or 1):.1%}"
