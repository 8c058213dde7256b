"""Tests of lock files that select several versions of a package for the same target."""

from __future__ import annotations

import re

import pytest
from samples import ARM, PROJECT, X86, Package, lock_text, plan, read

from pulumi_poetry_layer.errors import LockFileError
from pulumi_poetry_layer.plan.build_plan import Choice
from pulumi_poetry_layer.plan.selection import Selection, select_packages
from pulumi_poetry_layer.plan.target import Target

LINUX = 'sys_platform == "linux"'
TORCH = """\
[project]
name = "service"
version = "1.0"
dependencies = ["torch"]
"""


def nvidia(solver_needs: str) -> list[Package]:
    """Packages as Poetry locks them for torch: the markers of both versions of cublas are true on Linux."""
    return [
        Package(name="torch", dependencies={"cublas": {"version": "12.4", "markers": LINUX}, "cusolver": "*"}),
        Package(name="cusolver", dependencies={"cublas": solver_needs}),
        Package(name="cublas", version="12.4", markers=LINUX),
        Package(name="cublas", version="12.10", markers='sys_platform == "linux" or sys_platform == "win32"'),
    ]


def selected(
    project: str,
    packages: list[Package],
    *,
    groups: tuple[str, ...] = ("main",),
    extras: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    target: Target = X86,
) -> Selection:
    """The selection from a lock file of version 2.1."""
    files = read(project, lock_text(project, packages, extras={extra: [] for extra in extras}))
    return select_packages(*files, Choice.of(groups, extras, exclude), target.marker_environment)


def labels(selection: Selection) -> list[str]:
    """Names and versions of the selected packages."""
    return [package.label for package in selection.packages]


@pytest.mark.parametrize(
    ("project", "packages", "expected"),
    [
        (TORCH, nvidia("*"), ["cublas 12.4", "cusolver 1.0", "torch 1.0"]),
        (TORCH, nvidia(">=12.3,<12.9"), ["cublas 12.4", "cusolver 1.0", "torch 1.0"]),
        (TORCH.replace('"torch"', '"cublas"'), nvidia("*")[2:], ["cublas 12.10"]),
        (TORCH.replace('"torch"', '"cublas (<12.5)"'), nvidia("*")[2:], ["cublas 12.4"]),
        # No package needs it, but the lock file selects it.
        (TORCH, [Package(name="torch"), *nvidia("*")[2:]], ["cublas 12.10", "torch 1.0"]),
        # The newest version of one decides about the other.
        (
            PROJECT,
            [
                Package(name="app", version="1.0", dependencies={"low": "*"}),
                Package(name="app", version="2.0", dependencies={"low": "<2"}),
                Package(name="low", version="1.5"),
                Package(name="low", version="2.5"),
            ],
            ["app 2.0", "low 1.5"],
        ),
    ],
)
def test_newest_version_that_all_dependents_allow_is_selected(
    project: str, packages: list[Package], expected: list[str]
) -> None:
    """A project with such a lock file could not be built, or a package would get a version that it does not allow."""
    assert labels(selected(project, packages)) == expected


def test_warning_names_all_versions() -> None:
    """A user would not know that Poetry installs something else."""
    text = lock_text(TORCH, nvidia("*"))

    assert plan(TORCH, text).warnings == (
        "poetry.lock selects 12.4 and 12.10 of cublas for the target; the layer has 12.4, the newest one that all "
        "other packages allow (Poetry would mix the files of all of them)",
    )


def test_warning_is_not_part_of_the_fingerprint() -> None:
    """The same layer would be published again."""
    one_version = [p for p in nvidia("*") if p.version != "12.10"]

    assert (
        plan(TORCH, lock_text(TORCH, nvidia("*"))).fingerprint == plan(TORCH, lock_text(TORCH, one_version)).fingerprint
    )


def test_there_is_no_warning_if_the_markers_of_one_version_are_true() -> None:
    """Every lock file with markers would be reported."""
    packages = [
        Package(name="app", version="1.0", markers='platform_machine == "aarch64"'),
        Package(name="app", version="2.0", markers='platform_machine == "x86_64"'),
    ]

    assert (selected(PROJECT, packages).warnings, selected(PROJECT, packages, target=ARM).warnings) == ((), ())


def test_versions_that_exclude_each_other_are_an_error_that_says_what_helps() -> None:
    """The layer would contain a package that cannot work with another one."""
    with pytest.raises(LockFileError) as caught:
        selected(TORCH, nvidia(">=12.9"))

    assert str(caught.value) == (
        "poetry.lock: selects 12.4 and 12.10 of cublas for the target, but a layer can have only one version of a "
        "package, and the locked packages do not fit together on the target: pyproject.toml needs torch (*); "
        "cusolver 1.0 needs cublas (>=12.9); torch 1.0 needs cusolver (*); torch 1.0 needs cublas (12.4)\n"
        "  hint: limit the package to one version with a constraint in pyproject.toml and run `poetry lock`, or leave "
        "out a package that needs the other version with exclude"
    )


@pytest.mark.parametrize(
    ("exclude", "expected"),
    [
        (("cublas",), ["cusolver 1.0", "torch 1.0"]),
        (("cusolver",), ["cublas 12.4", "torch 1.0"]),
        (("torch",), []),
    ],
)
def test_exclusion_resolves_a_contradiction(exclude: tuple[str, ...], expected: list[str]) -> None:
    """The hint of the error would not help."""
    assert labels(selected(TORCH, nvidia(">=12.9"), exclude=exclude)) == expected


def test_excluded_package_is_not_reported() -> None:
    """A user could not get rid of the warning."""
    assert selected(TORCH, nvidia("*"), exclude=("cublas",)).warnings == ()


def test_only_chosen_groups_and_extras_count() -> None:
    """A group or an extra that is not in the layer would exclude a version."""
    project = (
        '[project]\nname = "x"\ndependencies = ["app"]\n[project.optional-dependencies]\nold = ["app (<2)"]\n'
        '[dependency-groups]\ndev = ["app (<2)"]\n'
    )
    packages = [
        Package(name="app", version="1.0", groups=["main", "dev"]),
        Package(name="app", version="2.0", groups=["main", "dev"]),
    ]

    assert labels(selected(project, packages)) == ["app 2.0"]
    assert labels(selected(project, packages, groups=("main", "dev"))) == ["app 1.0"]
    assert labels(selected(project, packages, extras=("old",))) == ["app 1.0"]


def test_same_version_from_two_sources_is_reported_with_its_sources() -> None:
    """`versions 1.0 and 1.0` would not help to find the fault."""
    source = {"type": "legacy", "url": "https://index.invalid/simple", "reference": "inner"}
    packages = [Package(name="app"), Package(name="app", source=source)]

    (warning,) = selected(PROJECT, packages).warnings

    assert re.search(r"selects 1\.0 \(PyPI\) and 1\.0 \(https://index\.invalid/simple\) of app", warning)
