"""Tests on generated lock files of version 2.0: the selected packages are those that Poetry's solver finds."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import X86, Package, old_lock_text

from .answers import our_packages
from .conftest import Oracle

NAMES = ("a", "b", "c", "d", "e")
EXTRAS = ("x", "y")
CONSTRAINTS = ("*", "*", ">=1", "<2", "^1.0", ">=2", "!=2.0", "==1.0", "<2 || >=3")
MARKERS = ("", "", 'sys_platform == "linux"', 'sys_platform == "win32"', 'python_version >= "3.10"')
PYTHONS = (">=3.9", ">=3.9", "*", ">=3.13", "<3.12")


@st.composite
def dependencies(draw: st.DrawFn, names: st.SearchStrategy[str]) -> dict[str, object]:
    """The dependencies of a locked package, some of them for one of its extras."""
    found: dict[str, object] = {}
    for name in draw(st.lists(names, unique=True, max_size=3)):
        entry: dict[str, object] = {"version": draw(st.sampled_from(CONSTRAINTS))}
        marker = draw(st.sampled_from(MARKERS))
        extra = draw(st.sampled_from((None, None, *EXTRAS)))
        if extra:
            entry["optional"] = True
            marker = f'extra == "{extra}"' + (f" and {marker}" if marker else "")
        if marker:
            entry["markers"] = marker
        if draw(st.booleans()):
            entry["extras"] = [draw(st.sampled_from(EXTRAS))]
        found[name] = entry
    return found


def extras_of(needs: dict[str, object], name: str, self_reference: bool) -> dict[str, list[str]]:
    """The ``[package.extras]`` table for the dependencies of a package."""
    extras: dict[str, list[str]] = {}
    for needed, entry in needs.items():
        assert isinstance(entry, dict)
        for extra in EXTRAS:
            if f'"{extra}"' in entry.get("markers", ""):
                extras.setdefault(extra, []).append(needed)
    if self_reference and "x" in extras:
        extras["all"] = [f"{name}[x]"]
    return extras


@st.composite
def locks(draw: st.DrawFn) -> list[Package]:
    """One to three versions of each package."""
    locked = []
    for name in NAMES:
        for version in draw(
            st.lists(st.sampled_from(("1.0", "1.5", "2.0", "3.0")), min_size=1, max_size=3, unique=True)
        ):
            needs = draw(dependencies(st.sampled_from([other for other in NAMES if other != name])))
            locked.append(
                Package(
                    name=name,
                    version=version,
                    dependencies=needs,
                    extras=extras_of(needs, name, draw(st.booleans())),
                    python=draw(st.sampled_from(PYTHONS)),
                )
            )
    return locked


@st.composite
def projects(draw: st.DrawFn) -> str:
    """A project with a main and a dev group, and two extras."""
    lines = [
        '[tool.poetry]\nname = "p"\nversion = "1"\npackage-mode = false\n[tool.poetry.dependencies]\npython = ">=3.9"'
    ]
    optional = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=3)):
        parts = [f'version = "{draw(st.sampled_from(CONSTRAINTS))}"']
        if draw(st.booleans()):
            parts.append("optional = true")
            optional.append(name)
        if draw(st.booleans()):
            parts.append(f'extras = ["{draw(st.sampled_from((*EXTRAS, "all")))}"]')
        if marker := draw(st.sampled_from(MARKERS)):
            parts.append(f"markers = '{marker}'")
        if draw(st.integers(0, 4)) == 0:
            parts.append(draw(st.sampled_from(('python = "<3.12"', 'python = "^3.10"', 'platform = "linux"'))))
        lines.append(f"{name} = {{ {', '.join(parts)} }}")
    lines.append("[tool.poetry.extras]")
    lines.append(f"one = {draw(st.lists(st.sampled_from(optional), unique=True)) if optional else []}")
    lines.append(f"two = {optional}")
    lines.append("[tool.poetry.group.dev.dependencies]")
    name, constraint = draw(st.sampled_from(NAMES)), draw(st.sampled_from(CONSTRAINTS))
    lines.append(f'{name} = "{constraint}"')
    return "\n".join(lines) + "\n"


RUNS = [
    (X86, groups, extras)
    for groups in (("main",), ("dev",), ("main", "dev"))
    for extras in ((), ("one",), ("one", "two"))
]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(projects(), locks())
def test_selected_packages_are_those_of_poetrys_solver(oracle: Oracle, project: str, locked: list[Package]) -> None:
    """The layer of a project for Poetry 1 would differ from what `poetry install` installs."""
    lock = old_lock_text(project, locked, extras={"one": [], "two": []})

    theirs = oracle.install(project, lock, RUNS)

    assert theirs["fresh"]
    for (target, groups, extras), run in zip(RUNS, theirs["runs"], strict=True):
        ours = our_packages(project, lock, target, groups, extras)
        assert ours == run.get("packages"), (groups, extras, run)
