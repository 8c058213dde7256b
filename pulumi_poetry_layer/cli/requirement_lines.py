"""What requires what, as text: the tree of a layer, and the paths to one package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli.guides import guide_lines
from pulumi_poetry_layer.printable import printable_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pulumi_poetry_layer.plan.requirement_graph import Requirement, RequirementGraph

REPEATED = "(*)"
"""Marks a package of which the requirements are listed further up."""


def tree_lines(graph: RequirementGraph, versions: Mapping[str, str], width: int | None) -> Iterator[str]:
    """The tree of a layer. The requirements of each package are listed once.

    Args:
        graph: the requirements of the layer.
        versions: name → version, of all packages in the layer.
        width: where to break lines; None for one line for each requirement.
    """
    listed: set[str] = set()

    def below(requirement: Requirement) -> Sequence[Requirement]:
        if requirement.name in listed:
            return ()
        listed.add(requirement.name)
        return graph.of(requirement.name)

    def label(requirement: Requirement) -> str:
        is_repeated = requirement.name in listed and graph.of(requirement.name)
        return f"{_described(requirement, versions)}{f'  {REPEATED}' if is_repeated else ''}"

    yield from guide_lines(graph.of(), below, label, width=width)


def path_lines(paths: Iterable[Sequence[Requirement]], versions: Mapping[str, str]) -> Iterator[str]:
    """One line for each path."""
    for path in paths:
        yield " > ".join([_start(path[0]), *(_described(step, versions, with_start=False) for step in path)])


def path_tree_lines(paths: Sequence[Sequence[Requirement]], versions: Mapping[str, str], width: int) -> Iterator[str]:
    """The paths as a tree: what several of them start with is listed once."""
    tree = _Branches()
    for path in paths:
        branches: _Branches = tree
        for step in path:
            branches = branches.setdefault(step, _Branches())
    yield from guide_lines(
        list(tree.items()),
        lambda node: list(node[1].items()),
        lambda node: _described(node[0], versions),
        width=width,
    )


class _Branches(dict["Requirement", "_Branches"]):
    """The next steps of some paths, and what follows each of them."""


def _described(requirement: Requirement, versions: Mapping[str, str], *, with_start: bool = True) -> str:
    """A requirement: ``pandas[fast] 2.2.3 >=2.2; python_version >= "3.12"``."""
    extras = f"[{','.join(requirement.extras)}]" if requirement.extras else ""
    parts = [f"{requirement.name}{extras} {versions[requirement.name]}"]
    if with_start and not requirement.by:
        parts.insert(0, f"{_start(requirement)}:")
    if requirement.constraint not in {"", "*"}:
        parts.append(f"({requirement.constraint})")
    if requirement.by and requirement.by_extras:
        parts.append(f"with {requirement.by}[{','.join(requirement.by_extras)}]")
    if requirement.condition:
        parts.append(f"where {requirement.condition}")
    return printable_line(" ".join(parts))


def _start(requirement: Requirement) -> str:
    if requirement.by_extras:
        return f"extra {', '.join(requirement.by_extras)}"
    return f"group {requirement.group}"
