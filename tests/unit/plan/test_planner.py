"""Tests of planning and of the fingerprint."""

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


def test_plan_lists_packages_by_name_with_their_files() -> None:
    """A preview would not show what will be in the layer."""
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
def test_readable_version_of_a_git_dependency_contains_the_commit(source: dict[str, str] | None, readable: str) -> None:
    """A preview would show `1.0 => 1.0` if the commit of a git dependency changes."""
    (package,) = plan(PROJECT, lock_text(PROJECT, [Package(name="app", source=source)])).packages

    assert package.readable_version == readable


def test_stale_lock_file_is_reported_before_other_problems() -> None:
    """A layer would be built with other dependencies than pyproject.toml lists."""
    lock = lock_text(PROJECT, [Package(name="app", files=[])])

    with pytest.raises(
        StaleLockError, match=r"poetry\.lock: does not match pyproject\.toml .*\n  hint: run `poetry lock`"
    ):
        plan(PROJECT.replace('"app"', '"app", "other"'), lock)


def test_stale_lock_file_and_unknown_names_are_reported_together() -> None:
    """A user would run `poetry lock`, and then learn of the next mistake; or a new name would be called unknown."""
    lock = lock_text(PROJECT, [Package(name="app")])
    project = PROJECT.replace('"app"', '"app", "new"') + '[project.optional-dependencies]\nfast = ["faster"]\n'

    with pytest.raises(MultipleInputError) as caught:
        plan(project, lock, groups=["main", "x"], extras=["fast", "y"], exclude=["new", "faster", "app", "z"])

    assert [str(problem).split("\n")[0] for problem in caught.value.problems] == [
        "poetry.lock: does not match pyproject.toml (metadata.content-hash differs)",
        "groups: unknown group 'x'",
        "extras: unknown extra 'y'",
        "exclude: unknown distribution 'z'",
    ]


def test_unknown_names_are_all_reported() -> None:
    """A user could only fix one argument per run."""
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
def test_runtime_that_the_project_does_not_allow_is_an_error(project: str, key: str) -> None:
    """A layer for a Python version that the project does not support would be published."""
    with pytest.raises(ProjectError) as caught:
        plan(project, lock_text(project, [Package(name="app")]))

    message = str(caught.value)
    for part in (f"pyproject.toml: {key}", "python3.12", "3.1"):
        assert part in message


def test_invalid_python_constraint_is_an_error_that_names_the_key() -> None:
    """A user would see a traceback."""
    project = PROJECT.replace(">=3.9", "latest")

    with pytest.raises(ProjectError, match=r"project\.requires-python: 'latest' is not a version constraint"):
        plan(project, lock_text(project, [Package(name="app")]))


def test_package_without_a_usable_file_is_an_error_with_the_reason() -> None:
    """The layer could not be imported, or a compiler would start on the user's host."""
    packages = [Package(name="app", files=["app-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"])]

    with pytest.raises(PackageFileError) as caught:
        plan(PROJECT, lock_text(PROJECT, packages), target=Target("python3.11", "x86_64"))

    message = str(caught.value)
    for part in ("poetry.lock: package app 1.0", "python3.11 on x86_64", "glibc 2.26", "manylinux_2_28", "app"):
        assert part in message


def test_package_without_locked_files_is_an_error() -> None:
    """A message about incompatible files would hide that the lock file lists none."""
    message = r"package app 1\.0: the lock file has no hash of any of its files.*\n  hint: run `poetry lock`"
    with pytest.raises(PackageFileError, match=message):
        plan(PROJECT, lock_text(PROJECT, [Package(name="app", files=[])]))


def test_git_dependency_without_a_locked_commit_is_an_error() -> None:
    """The layer would contain whatever is on the branch on that day, under the same fingerprint."""
    source = {"type": "git", "url": "https://git.invalid/app.git", "reference": "main"}
    with pytest.raises(PackageFileError, match=r"package app 1\.0: no git commit is locked for it"):
        plan(PROJECT, lock_text(PROJECT, [Package(name="app", files=[], source=source)]))


def test_newer_lock_version_is_a_warning_that_does_not_change_the_fingerprint() -> None:
    """A layer from a lock file of the next Poetry release would be wrong without a word, or be published again."""
    known, newer = (
        plan(PROJECT, lock_text(PROJECT, [Package(name="app")], metadata={"lock-version": version}))
        for version in ("2.1", "2.2")
    )

    assert known.warnings == ()
    assert ["2.2 is newer than 2.1" in warning for warning in newer.warnings] == [True]
    assert known.fingerprint == newer.fingerprint


def test_all_packages_without_a_usable_file_are_reported() -> None:
    """A user could only fix one package per run."""
    packages = [Package(name=name, files=[f"{name}-1.0-cp312-cp312-win_amd64.whl"]) for name in ("app", "other")]

    with pytest.raises(MultipleInputError) as caught:
        plan(PROJECT, lock_text(PROJECT, packages))

    assert [problem.where for problem in caught.value.problems] == [
        "poetry.lock: package app 1.0",
        "poetry.lock: package other 1.0",
    ]


def test_package_of_another_group_needs_no_file() -> None:
    """A development tool without a Linux wheel would prevent the deployment."""
    packages = [Package(name="app"), Package(name="tool", groups=["dev"], files=[])]

    assert [p.name for p in plan(PROJECT, lock_text(PROJECT, packages)).packages] == ["app"]


DIRECTORY = Package(name="app", source={"type": "directory", "url": "../app"}, files=[])


@pytest.mark.parametrize(
    ("package", "message"),
    [
        (DIRECTORY, "the folder '../app' does not exist (the path is relative to the project)"),
        (
            Package(name="app", source={"type": "file", "url": "app-1.0.tar.gz"}),
            "the file 'app-1.0.tar.gz' does not exist",
        ),
    ],
)
def test_missing_path_is_an_error(package: Package, message: str) -> None:
    """The layer would contain a path of the build host instead of the package."""
    with pytest.raises(PackageFileError, match=r"poetry\.lock: package app 1\.0") as caught:
        plan(PROJECT, lock_text(PROJECT, [package]))

    assert message in str(caught.value)


def test_develop_makes_no_difference_for_a_git_dependency() -> None:
    """A project whose developers edit a git dependency in place could not be deployed."""
    locked = Package(name="app", source=GIT, files=[])
    plans = [plan(PROJECT, lock_text(PROJECT, [p])) for p in (locked, replace(locked, other_keys={"develop": True}))]

    assert plans[0].fingerprint == plans[1].fingerprint


def test_fingerprint_and_version_contain_the_digest_of_a_path_dependency() -> None:
    """An edit of a local library would not be deployed."""
    lock = lock_text(PROJECT, [replace(DIRECTORY, other_keys={"develop": True})])
    first, second = (plan(PROJECT, lock, digests={"app": letter * 64}) for letter in "ab")

    assert first.fingerprint != second.fingerprint
    assert first.packages[0].readable_version == "1.0 (directory@aaaaaaaaaaaa)"
    assert [package.digest for package in second.packages] == ["b" * 64]


def test_fingerprint_does_not_contain_the_path_of_a_path_dependency() -> None:
    """A library or checkout in another folder would publish a new layer version."""
    elsewhere = replace(DIRECTORY, source={"type": "directory", "url": "/home/me/app"})
    plans = [
        plan(PROJECT, lock_text(PROJECT, [package]), digests={"app": "a" * 64}) for package in (DIRECTORY, elsewhere)
    ]

    assert plans[0].fingerprint == plans[1].fingerprint
    assert "/home/me" not in plans[1].packages[0].readable_version


def test_changed_file_of_a_path_dependency_is_an_error() -> None:
    """Poetry would refuse the file in the middle of the build."""
    name = "app-1.0-py3-none-any.whl"
    lock = lock_text(PROJECT, [Package(name="app", files=[name], source={"type": "file", "url": f"../{name}"})])
    assert plan(PROJECT, lock, digests={"app": digest(name).removeprefix("sha256:")}).packages[0].file

    with pytest.raises(PackageFileError, match="has changed since it was locked") as caught:
        plan(PROJECT, lock, digests={"app": "a" * 64})
    assert "poetry lock" in str(caught.value)


BASE = [Package(name="app", dependencies={"lib": "*"}), Package(name="lib", version="2.0")]


def fingerprint(packages: list[Package], *, target: Target = X86, builder: BuilderIdentity = WHEELS) -> str:
    """The fingerprint of a layer of the main group."""
    return plan(PROJECT, lock_text(PROJECT, packages), target=target, builder=builder).fingerprint


def test_fingerprint_is_the_same_as_in_earlier_releases() -> None:
    """An update of this package would publish every layer of every user again.

    If this test fails on purpose, raise FORMAT_VERSION and say so in the changelog.
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
def test_builder_and_pins_change_the_fingerprint(builder: BuilderIdentity) -> None:
    """A new builder or a new image would not be deployed."""
    others = {fingerprint(BASE), fingerprint(BASE, builder=BuilderIdentity(kind="other"))}

    assert fingerprint(BASE, builder=builder) not in others


@pytest.mark.parametrize("target", [ARM, Target("python3.13", "x86_64")])
def test_target_changes_the_fingerprint(target: Target) -> None:
    """A pure Python layer for x86_64 would be used as the layer for arm64."""
    assert fingerprint(BASE, target=target) != fingerprint(BASE)


@pytest.mark.parametrize(
    "changed",
    [
        {"resolved_reference": "b" * 40},
        {"subdirectory": "sub"},
    ],
)
def test_commit_and_subdirectory_of_a_git_dependency_change_the_fingerprint(changed: dict[str, str]) -> None:
    """A new commit of a git dependency would not be deployed."""
    before = [Package(name="app", source=GIT, files=[])]
    after = [Package(name="app", source=GIT | changed, files=[])]

    assert fingerprint(before) != fingerprint(after)


@pytest.mark.parametrize("changed", [{"reference": "develop"}, {"url": "https://mirror.invalid/app"}])
def test_url_and_branch_of_a_commit_do_not_change_the_fingerprint(changed: dict[str, str]) -> None:
    """The same commit at another URL or branch would publish a new layer version."""
    before = [Package(name="app", source=GIT, files=[])]
    after = [Package(name="app", source=GIT | changed, files=[])]

    assert fingerprint(before) == fingerprint(after)


def test_lock_version_does_not_change_the_fingerprint() -> None:
    """An update to Poetry 2 would publish every layer again, although nothing in it changes."""
    project = '[tool.poetry]\nname = "x"\nversion = "1"\n[tool.poetry.dependencies]\napp = "*"\n'

    assert (
        plan(project, lock_text(project, BASE)).fingerprint == plan(project, old_lock_text(project, BASE)).fingerprint
    )


def test_groups_and_exclusions_do_not_change_the_fingerprint_of_the_same_packages() -> None:
    """The same packages, chosen by other groups, would publish a new layer version."""
    project = PROJECT + '[dependency-groups]\nruntime = ["app"]\n'
    packages = [Package(name="app", groups=["main", "runtime"]), Package(name="gone", groups=["runtime"])]
    lock = lock_text(project, packages)

    assert plan(project, lock).fingerprint == plan(project, lock, groups=["runtime"], exclude=["gone"]).fingerprint


def test_label_is_name_and_version() -> None:
    """Messages would not name the version of a package."""
    assert PlannedPackage(name="app", version="1.0", file=None, source=None).label == "app 1.0"


def test_errors_of_planning_are_input_errors() -> None:
    """The command line would report a failed build, although nothing was built."""
    for kind in (PackageFileError, MultipleInputError, ProjectError, SelectionError, StaleLockError):
        assert "InputError" in {base.__name__ for base in kind.__mro__ if issubclass(base, PoetryLayerError)}
