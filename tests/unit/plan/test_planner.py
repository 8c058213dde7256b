"""Tests of the plan: what a layer consists of, and its fingerprint."""

from __future__ import annotations

from dataclasses import replace

import pytest
from samples import ARM, PROJECT, WHEELS, X86, Package, digest, lock_text, old_lock_text, plan

from pulumi_poetry_layer.errors import (
    MultipleInputError,
    PackageFileError,
    PoetryLayerError,
    ProjectError,
    SelectionError,
    StaleLockError,
)
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity, PlannedPackage
from pulumi_poetry_layer.plan.target import Target

GIT = {"type": "git", "url": "https://git.invalid/app", "reference": "main", "resolved_reference": "a" * 40}


def test_a_plan_lists_packages_by_name_with_the_chosen_files() -> None:
    """A preview would not show what is going to be in the layer."""
    packages = [
        Package(name="zeta", source=GIT, files=[]),
        Package(name="app", files=["app-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", "app-1.0.tar.gz"]),
    ]

    planned = plan(PROJECT, lock_text(PROJECT, packages)).packages

    assert [(p.label, p.file and p.file.name) for p in planned] == [
        ("app 1.0", "app-1.0-cp312-cp312-manylinux_2_17_x86_64.whl"),
        ("zeta 1.0", None),
    ]


@pytest.mark.parametrize(("source", "readable"), [(None, "1.0"), (GIT, f"1.0 (https://git.invalid/app@{'a' * 12})")])
def test_previews_tell_commits_apart(source: dict[str, str] | None, readable: str) -> None:
    """A preview would show `1.0 => 1.0` when the commit of a git dependency changes."""
    (package,) = plan(PROJECT, lock_text(PROJECT, [Package(name="app", source=source)])).packages

    assert package.readable_version == readable


def test_a_stale_lock_comes_before_everything_else() -> None:
    """A layer would be built from other dependencies than pyproject.toml asks for."""
    lock = lock_text(PROJECT, [Package(name="app", files=[])])

    with pytest.raises(
        StaleLockError, match=r"poetry\.lock: was not made from .*pyproject\.toml.*\n  hint: run `poetry lock`"
    ):
        plan(PROJECT.replace('"app"', '"app", "other"'), lock, groups=["unknown"])


def test_unknown_names_are_all_reported() -> None:
    """A user would mend one argument per run."""
    with pytest.raises(MultipleInputError) as caught:
        plan(PROJECT, lock_text(PROJECT, [Package(name="app")]), groups=["devs"], extras=["x"], exclude=["y"])

    assert {type(problem) for problem in caught.value.problems} == {SelectionError}
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("project", "key"),
    [
        (PROJECT.replace(">=3.9", ">=3.9,<3.12"), "project.requires-python"),
        ('[tool.poetry.dependencies]\npython = "~3.11"\napp = "*"\n', "tool.poetry.dependencies.python"),
    ],
)
def test_runtime_that_the_project_leaves_out_is_an_error_that_names_both(project: str, key: str) -> None:
    """A layer for a Python that the project does not support would be published."""
    with pytest.raises(ProjectError) as caught:
        plan(project, lock_text(project, [Package(name="app")]))

    message = str(caught.value)
    for part in (f"pyproject.toml: {key}", "python3.12", "3.1"):
        assert part in message


def test_broken_python_constraint_is_an_error() -> None:
    """A user would see a traceback."""
    project = PROJECT.replace(">=3.9", "latest")

    with pytest.raises(ProjectError, match=r"pyproject\.toml: project\.requires-python: not a version constraint"):
        plan(project, lock_text(project, [Package(name="app")]))


def test_package_without_a_file_for_the_target_is_an_error_with_the_reason() -> None:
    """A layer that cannot be imported would be built, or a compiler started on the deployment host."""
    packages = [Package(name="app", files=["app-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"])]

    with pytest.raises(PackageFileError) as caught:
        plan(PROJECT, lock_text(PROJECT, packages), target=Target("python3.11", "x86_64"))

    message = str(caught.value)
    for part in ("poetry.lock: package app 1.0", "python3.11 on x86_64", "glibc 2.26", "manylinux_2_28", "app"):
        assert part in message


def test_packages_without_a_file_are_all_reported() -> None:
    """A user would mend one package per run."""
    packages = [Package(name=name, files=[f"{name}-1.0-cp312-cp312-win_amd64.whl"]) for name in ("app", "other")]

    with pytest.raises(MultipleInputError) as caught:
        plan(PROJECT, lock_text(PROJECT, packages))

    assert [problem.where for problem in caught.value.problems] == [
        "poetry.lock: package app 1.0",
        "poetry.lock: package other 1.0",
    ]


def test_packages_of_other_groups_need_no_file() -> None:
    """A developer's tool without a Linux wheel would block the deployment."""
    packages = [Package(name="app"), Package(name="tool", groups=["dev"], files=[])]

    assert [p.name for p in plan(PROJECT, lock_text(PROJECT, packages)).packages] == ["app"]


DIRECTORY = Package(name="app", source={"type": "directory", "url": "../app"}, files=[])


@pytest.mark.parametrize(
    ("package", "message"),
    [
        (DIRECTORY, "there is no folder '../app', seen from the project's folder"),
        (Package(name="app", source={"type": "file", "url": "app-1.0.tar.gz"}), "there is no file 'app-1.0.tar.gz'"),
        (Package(name="app", source=GIT, files=[], further={"develop": True}), "develop = true"),
    ],
)
def test_what_no_builder_can_take_is_an_error(package: Package, message: str) -> None:
    """The layer would hold a path of the build host instead of the package."""
    with pytest.raises(PackageFileError, match=r"poetry\.lock: package app 1\.0") as caught:
        plan(PROJECT, lock_text(PROJECT, [package]))

    assert message in str(caught.value)


def test_path_dependency_is_told_apart_by_its_content() -> None:
    """An edit of a library beside the project would not reach the layer."""
    lock = lock_text(PROJECT, [replace(DIRECTORY, further={"develop": True})])
    first, second = (plan(PROJECT, lock, digests={"app": letter * 64}) for letter in "ab")

    assert first.fingerprint != second.fingerprint
    assert first.packages[0].readable_version == "1.0 (directory@aaaaaaaaaaaa)"
    assert [package.digest for package in second.packages] == ["b" * 64]


def test_place_of_a_path_dependency_is_not_in_the_fingerprint() -> None:
    """A library that moves, or a checkout elsewhere, would publish a new layer."""
    elsewhere = replace(DIRECTORY, source={"type": "directory", "url": "/home/me/app"})
    plans = [
        plan(PROJECT, lock_text(PROJECT, [package]), digests={"app": "a" * 64}) for package in (DIRECTORY, elsewhere)
    ]

    assert plans[0].fingerprint == plans[1].fingerprint
    assert "/home/me" not in plans[1].packages[0].readable_version


def test_file_that_is_not_the_locked_one_is_refused() -> None:
    """Poetry would refuse it in the middle of the build."""
    name = "app-1.0-py3-none-any.whl"
    lock = lock_text(PROJECT, [Package(name="app", files=[name], source={"type": "file", "url": f"../{name}"})])
    assert plan(PROJECT, lock, digests={"app": digest(name).removeprefix("sha256:")}).packages[0].file

    with pytest.raises(PackageFileError, match="not the one that was locked") as caught:
        plan(PROJECT, lock, digests={"app": "a" * 64})
    assert "poetry lock" in str(caught.value)


BASE = [Package(name="app", dependencies={"lib": "*"}), Package(name="lib", version="2.0")]


def fingerprint(packages: list[Package], *, target: Target = X86, builder: BuilderIdentity = WHEELS) -> str:
    """Fingerprint of the main group."""
    return plan(PROJECT, lock_text(PROJECT, packages), target=target, builder=builder).fingerprint


def test_fingerprint_is_the_same_in_the_next_release() -> None:
    """Every layer of every user would be published anew after an update of this package.

    When this fails on purpose, raise FORMAT_VERSION and say so in the changelog.
    """
    assert fingerprint(BASE) == "b188fcc917be8b46e2d8a4bce778638d1d027285755a60c2a62e2145ca4491ab"


@pytest.mark.parametrize(
    "builder",
    [
        BuilderIdentity(kind="local"),
        BuilderIdentity(kind="wheels", pins={"image": "a"}),
        BuilderIdentity(kind="wheels", pins={"image": "b"}),
        BuilderIdentity(kind="wheels", pins={"kind": "local"}),
        BuilderIdentity(kind="wheels", pins={"pins": ""}),
    ],
)
def test_every_builder_has_its_own_fingerprint(builder: BuilderIdentity) -> None:
    """A change of the builder or its image would not be deployed."""
    others = {fingerprint(BASE), fingerprint(BASE, builder=BuilderIdentity(kind="other"))}

    assert fingerprint(BASE, builder=builder) not in others


@pytest.mark.parametrize("target", [ARM, Target("python3.13", "x86_64")])
def test_every_target_has_its_own_fingerprint(target: Target) -> None:
    """A layer of pure Python for x86_64 would be taken for the arm64 one."""
    assert fingerprint(BASE, target=target) != fingerprint(BASE)


@pytest.mark.parametrize(
    "changed",
    [
        {"resolved_reference": "b" * 40},
        {"subdirectory": "sub"},
    ],
)
def test_commit_and_folder_of_a_git_dependency_count(changed: dict[str, str]) -> None:
    """A new commit of a git dependency would not be deployed."""
    before = [Package(name="app", source=GIT, files=[])]
    after = [Package(name="app", source=GIT | changed, files=[])]

    assert fingerprint(before) != fingerprint(after)


@pytest.mark.parametrize("changed", [{"reference": "develop"}, {"url": "https://mirror.invalid/app"}])
def test_how_a_commit_is_reached_does_not_count(changed: dict[str, str]) -> None:
    """The same commit under another name would rebuild the layer."""
    before = [Package(name="app", source=GIT, files=[])]
    after = [Package(name="app", source=GIT | changed, files=[])]

    assert fingerprint(before) == fingerprint(after)


def test_lock_formats_do_not_count() -> None:
    """Moving to Poetry 2 would publish every layer anew although nothing in it changes."""
    project = '[tool.poetry]\nname = "x"\nversion = "1"\n[tool.poetry.dependencies]\napp = "*"\n'

    assert (
        plan(project, lock_text(project, BASE)).fingerprint == plan(project, old_lock_text(project, BASE)).fingerprint
    )


def test_groups_extras_and_exclusions_act_through_the_packages_alone() -> None:
    """Naming the same packages in another way would rebuild the layer."""
    project = PROJECT + '[dependency-groups]\nruntime = ["app"]\n'
    packages = [Package(name="app", groups=["main", "runtime"]), Package(name="gone", groups=["runtime"])]
    lock = lock_text(project, packages)

    assert plan(project, lock).fingerprint == plan(project, lock, groups=["runtime"], exclude=["gone"]).fingerprint


def test_a_package_knows_its_label() -> None:
    """Messages would not say which version they are about."""
    assert PlannedPackage(name="app", version="1.0", file=None, source=None).label == "app 1.0"


def test_all_errors_of_planning_are_input_errors() -> None:
    """The command line would say that the build failed though nothing was built."""
    for kind in (PackageFileError, MultipleInputError, ProjectError, SelectionError, StaleLockError):
        assert "InputError" in {base.__name__ for base in kind.__mro__ if issubclass(base, PoetryLayerError)}
