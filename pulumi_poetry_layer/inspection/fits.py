"""The runtimes and architectures that a layer is for, by its native files, its folders and its metadata. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pulumi_poetry_layer.inspection.contents import looks_in, root_of
from pulumi_poetry_layer.plan.target import MACHINES, RUNTIMES, Target
from pulumi_poetry_layer.verify.findings import native_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulumi_poetry_layer.inspection.contents import LayerContents, LayerDistribution


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Whether a layer is for a runtime on an architecture.

    Attributes:
        runtime: the runtime.
        architecture: the architecture.
        reason: why not; None if it is for them.
    """

    runtime: str
    architecture: str
    reason: str | None

    def document(self) -> dict[str, Any]:
        """The same as a JSON value."""
        return asdict(self) | {"fits": self.reason is None}


def find_fits(contents: LayerContents) -> tuple[Fit, ...]:
    """Whether a layer is for each runtime on each architecture, as far as that can be seen without running it."""
    return tuple(
        Fit(
            runtime=runtime,
            architecture=architecture,
            reason=next(_reasons(contents, Target(runtime, architecture)), None),
        )
        for runtime in RUNTIMES
        for architecture in MACHINES
    )


def _reasons(contents: LayerContents, target: Target) -> Iterator[str]:
    for one in contents.invisible_to(target.runtime):
        yield f"{one.content.label} is in {one.root}, where {target.runtime} does not look"
    roots = {root for name in contents.files if (root := root_of(name))}
    if roots and not any(looks_in(root, target.runtime) for root in roots):
        yield f"its files are in {', '.join(sorted(roots))}, where {target.runtime} does not look"
    for one in contents.distributions:
        if looks_in(one.root, target.runtime) and not _supports(one, target):
            yield f"{one.content.label} needs Python {one.requires_python}"
    for finding in native_problems(list(contents.visible_to(target.runtime)), target):
        if finding.is_error:
            yield f"{finding.where}: {finding.problem}"


def _supports(one: LayerDistribution, target: Target) -> bool:
    try:
        return SpecifierSet(one.requires_python).contains(target.python_full_version, prereleases=True)
    except InvalidSpecifier:
        return True  # pip ignores it, too


def describe_fits(fits: Iterable[Fit]) -> str:
    """The runtimes and architectures of a layer in a few words: ``python3.11 and python3.12 on x86_64``."""
    runtimes: dict[tuple[str, ...], list[str]] = {}
    for runtime in RUNTIMES:
        architectures = tuple(fit.architecture for fit in fits if fit.runtime == runtime and fit.reason is None)
        runtimes.setdefault(architectures, []).append(runtime)
    parts = [
        f"{_list(names, len(RUNTIMES))} on {_list(architectures, len(MACHINES))}"
        for architectures, names in runtimes.items()
        if architectures
    ]
    return "; ".join(parts) or "no runtime"


def _list(names: Iterable[str], of_all: int) -> str:
    *first, last = names
    if len(first) + 1 == of_all and of_all > len(MACHINES):
        return "all runtimes"
    return f"{', '.join(first)} and {last}" if first else last
