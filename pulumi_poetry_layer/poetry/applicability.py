"""Where a dependency applies: on one target, or in any case at all.

Poetry computes with markers as with sets. Here, a question about all targets is answered by trying the values that the
conditions can tell apart: the compared ones, one other value, and the versions of Python around the compared ones.
"""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import chain, combinations, product
from math import prod
from typing import TYPE_CHECKING

from packaging.markers import InvalidMarker

from pulumi_poetry_layer.names import normalized
from pulumi_poetry_layer.poetry.constraints import allows_python
from pulumi_poetry_layer.poetry.markers import MarkerEnvironment, comparisons

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulumi_poetry_layer.poetry.dependencies import Dependency

_PYTHON = frozenset({"python_version", "python_full_version"})
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")
_WORD = re.compile(r"[^\s,|!='\"]+")
_OTHER = "other"
_MOST_CASES = 5000


def applies(dependency: Dependency, environment: MarkerEnvironment) -> bool:
    """Whether a dependency applies on a target: to its Python, its platform and the values of its markers."""
    return (
        environment.holds(dependency.marker)
        and (dependency.python == "*" or allows_python(dependency.python, environment.python))
        and (not dependency.platform or _on_platform(dependency.platform, environment.platform))
    )


def can_apply(dependency: Dependency) -> bool:
    """Whether there is a target on which a dependency applies. True if there are too many cases to try."""
    cases = _cases([dependency])
    with suppress(InvalidMarker):  # an invalid comparison is reported when it is evaluated for the target
        return cases is None or any(applies(dependency, case) for case in cases)
    return True


def apply_alike(first: Dependency, second: Dependency) -> bool:
    """Whether two dependencies apply on the same targets. False if there are too many cases to try."""
    cases = _cases([first, second])
    with suppress(InvalidMarker):
        return cases is not None and all(applies(first, case) == applies(second, case) for case in cases)
    return False


def _cases(dependencies: Iterable[Dependency]) -> Iterator[MarkerEnvironment] | None:
    """An environment for each case that the conditions can tell apart; None if there are too many."""
    values: dict[str, set[str]] = {"sys_platform": {_OTHER}}
    versions, extras = "2.7 3.9 4.0", set()
    for dependency in dependencies:
        versions += f" {dependency.python}"
        values["sys_platform"] |= set(_WORD.findall(dependency.platform))
        for left, _, right in comparisons(dependency.marker):
            name, text = (left, right[1:-1]) if right[:1] in "\"'" else (right, left[1:-1])
            if name in _PYTHON:
                versions += f" {text}"
            elif name == "extra":
                extras |= set(map(normalized, _WORD.findall(text)))
            else:
                values.setdefault(name, {_OTHER}).update([text, *_WORD.findall(text)])
    pythons = _pythons(versions)
    if prod([len(pythons), 2 ** len(extras), *map(len, values.values())]) > _MOST_CASES:
        return None
    chosen_extras = chain.from_iterable(combinations(sorted(extras), count) for count in range(len(extras) + 1))
    return (
        MarkerEnvironment({**python, **dict(zip(values, found, strict=True))}, frozenset(chosen))
        for chosen, python, found in product(chosen_extras, pythons, product(*map(sorted, values.values())))
    )


def _pythons(text: str) -> list[dict[str, str]]:
    """Marker values of the versions of Python in a text, and of those before and after each of them."""
    numbers = {(int(major), int(minor), int(patch or 0)) for major, minor, patch in _VERSION.findall(text)}
    around = {
        version
        for major, minor, patch in numbers
        for version in (
            (major, minor, patch), (major, minor, patch + 1), (major, minor, max(patch - 1, 0)),
            (major, max(minor - 1, 0), 0), (major, minor + 1, 0),
        )
    }  # fmt: skip
    return [
        {"python_version": f"{major}.{minor}", "python_full_version": f"{major}.{minor}.{patch}"}
        for major, minor, patch in sorted(around)
    ]


def _on_platform(wanted: str, platform: str) -> bool:
    """Whether a dependency's ``platform`` key (``linux``, ``!=win32``, ``darwin || linux``) includes a platform."""
    return any(
        all(_is_platform(condition.strip(), platform) for condition in alternative.split(","))
        for alternative in wanted.split("||")
    )


def _is_platform(condition: str, platform: str) -> bool:
    if condition.startswith("!="):
        return condition[2:].strip() != platform
    return condition.lstrip("=").strip() in {platform, "*"}
