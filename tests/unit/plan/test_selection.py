"""Tests of selecting the packages of a layer."""

from __future__ import annotations

import pytest
from samples import ARM, PROJECT, X86, Package, lock_text, read

from pulumi_poetry_layer.errors import MultipleInputError, SelectionError
from pulumi_poetry_layer.plan.build_plan import Choice
from pulumi_poetry_layer.plan.selection import Selection, choice_problems, select_packages
from pulumi_poetry_layer.plan.target import Target

GROUPS = """\
[project]
name = "service"
version = "1.0"
dependencies = ["app", "tool; sys_platform == 'win32'"]

[project.optional-dependencies]
aws = ["boto3"]
all = ["boto3", "plot"]

[dependency-groups]
dev = ["tool"]
docs = ["sphinx"]
"""
EXTRAS = {"aws": ["boto3"], "all": ["boto3", "plot"]}


def selected(
    project: str,
    packages: list[Package],
    *,
    groups: tuple[str, ...] = ("main",),
    extras: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    target: Target = X86,
    locked_extras: dict[str, list[str]] | None = None,
) -> Selection:
    """The selection from a lock file of version 2.1."""
    return select_packages(
        *read(project, lock_text(project, packages, extras=locked_extras)),
        Choice.of(groups, extras, exclude),
        target.marker_environment,
    )


def names(selection: Selection) -> list[str]:
    """The names of the selected packages."""
    return [package.name for package in selection.packages]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (("main",), ["app", "both"]),
        (("dev",), ["both", "tool"]),
        (("main", "dev"), ["app", "both", "tool"]),
        (("docs",), []),
    ],
)
def test_packages_of_the_chosen_groups_are_selected(groups: tuple[str, ...], expected: list[str]) -> None:
    """The layer would contain development tools, or a chosen group would be missing."""
    packages = [
        Package(name="tool", groups=["dev"]),
        Package(name="app"),
        Package(name="both", groups=["main", "dev"]),
    ]

    assert names(selected(GROUPS, packages, groups=groups)) == expected


@pytest.mark.parametrize(
    ("groups", "target", "expected"),
    [
        (("main",), X86, []),
        (("dev",), X86, ["tool"]),
        (("main", "dev"), X86, ["tool"]),
        (("docs",), X86, []),
        (("docs",), ARM, ["tool"]),
        (("main", "docs"), ARM, ["tool"]),
    ],
)
def test_each_group_of_a_package_has_its_own_marker(
    groups: tuple[str, ...], target: Target, expected: list[str]
) -> None:
    """A package that one group needs on Windows only would be selected by the marker of another group."""
    markers = {"main": 'sys_platform == "win32"', "docs": 'platform_machine == "aarch64"'}
    packages = [Package(name="tool", groups=["main", "dev", "docs"], markers=markers)]

    assert names(selected(GROUPS, packages, groups=groups, target=target)) == expected


@pytest.mark.parametrize(
    ("extras", "expected"),
    [
        ((), ["app"]),
        (("aws",), ["app", "boto3"]),
        (("all",), ["app", "boto3", "plot"]),
        (("AWS", "all"), ["app", "boto3", "plot", "union"]),
    ],
)
def test_packages_of_the_chosen_extras_are_selected(extras: tuple[str, ...], expected: list[str]) -> None:
    """Optional packages would be missing from the layer, or be in it without their extra."""
    packages = [
        Package(name="app"),
        Package(name="boto3", markers='extra == "aws" or extra == "all"'),
        Package(name="plot", markers='extra == "all"'),
        Package(name="union", markers='extra == "all" and extra == "aws"'),
    ]

    assert names(selected(GROUPS, packages, extras=extras, locked_extras=EXTRAS)) == expected


def test_version_for_the_target_is_selected() -> None:
    """The layer would contain the version for another Python."""
    packages = [
        Package(name="app", version="1.0", markers='python_version < "3.11"'),
        Package(name="app", version="2.0", markers='python_version >= "3.11"'),
    ]

    chosen = {
        runtime: [p.version for p in selected(PROJECT, packages, target=Target(runtime, "x86_64")).packages]
        for runtime in ("python3.10", "python3.12")
    }

    assert chosen == {"python3.10": ["1.0"], "python3.12": ["2.0"]}


def test_all_invalid_markers_are_reported() -> None:
    """A package would be missing without an error, or a user could only fix one marker per run."""
    packages = [Package(name="a", markers="nonsense"), Package(name="b", version="2", markers='x == "y"')]

    with pytest.raises(MultipleInputError) as caught:
        selected(PROJECT, packages)

    assert [problem.where for problem in caught.value.problems] == [
        "poetry.lock: package a 1.0",
        "poetry.lock: package b 2",
    ]


def test_invalid_marker_of_another_group_is_ignored() -> None:
    """A layer could not be built because of a group that is not in it."""
    assert names(selected(GROUPS, [Package(name="a", markers="nonsense", groups=["dev"])])) == []


GRAPH = [
    Package(name="app", dependencies={"boto3": ">=1", "shared": "*"}),
    Package(name="boto3", dependencies={"botocore": ">=1", "s3transfer": "*"}),
    Package(name="botocore", dependencies={"shared": "*", "urllib3": "*"}),
    Package(name="s3transfer", dependencies={"botocore": "*"}),
    Package(name="shared"),
    Package(
        name="urllib3", dependencies={"pysocks": {"version": "*", "optional": True, "markers": 'extra == "socks"'}}
    ),
    Package(name="pysocks"),
]


@pytest.mark.parametrize(
    ("exclude", "selected_names", "reasons"),
    [
        ((), ["app", "boto3", "botocore", "pysocks", "s3transfer", "shared", "urllib3"], {}),
        (
            ("Boto3",),
            ["app", "pysocks", "shared"],
            {
                "boto3": "excluded",
                "botocore": "only needed by boto3",
                "s3transfer": "only needed by boto3",
                "urllib3": "only needed by boto3",
            },
        ),
        (
            ("botocore",),
            ["app", "boto3", "pysocks", "s3transfer", "shared"],
            {"botocore": "excluded", "urllib3": "only needed by botocore"},
        ),
        (("shared",), ["app", "boto3", "botocore", "pysocks", "s3transfer", "urllib3"], {"shared": "excluded"}),
    ],
)
def test_excluded_distribution_and_what_only_it_needs_are_left_out(
    exclude: tuple[str, ...], selected_names: list[str], reasons: dict[str, str]
) -> None:
    """The layer would contain packages that the runtime has, or lack one that another package needs."""
    selection = selected(PROJECT, GRAPH, exclude=exclude)

    assert names(selection) == selected_names
    assert {excluded.name: excluded.reason for excluded in selection.excluded} == reasons


def test_reason_names_the_excluded_packages_that_need_it() -> None:
    """A user would look at the wrong package."""
    packages = [
        Package(name="app", dependencies={"a": "*", "b": "*"}),
        Package(name="a", dependencies={"below-a": "*", "below-both": "*"}),
        Package(name="b", dependencies={"below-both": "*"}),
        Package(name="below-a"),
        Package(name="below-both"),
    ]

    selection = selected(PROJECT, packages, exclude=("a", "b"))

    assert {excluded.name: excluded.reason for excluded in selection.excluded} == {
        "a": "excluded",
        "b": "excluded",
        "below-a": "only needed by a",
        "below-both": "only needed by a, b",
    }


@pytest.mark.parametrize(
    ("dependencies", "kept"),
    [
        ('["app", "botocore"]', True),
        ('["app", "botocore; sys_platform == \'win32\'"]', False),
        ('["app"]\noptional-dependencies = {aws = ["botocore"]}', False),
    ],
)
def test_package_stays_if_the_project_needs_it_on_the_target(dependencies: str, kept: bool) -> None:
    """An optional dependency, or one for another platform, would keep a package in the layer."""
    project = f'[project]\nname = "x"\ndependencies = {dependencies}\n'
    packages = [
        Package(name="app", dependencies={"boto3": "*"}),
        Package(name="boto3", dependencies={"botocore": "*"}),
        Package(name="botocore"),
    ]

    assert ("botocore" in names(selected(project, packages, exclude=("boto3",)))) is kept


def test_package_of_a_requested_extra_stays() -> None:
    """`requests[socks]` would lose PySocks if another distribution is excluded."""
    project = PROJECT.replace('["app"]', '["app", "urllib3[all]"]')
    packages = [
        *GRAPH[:-2],
        Package(
            name="urllib3",
            dependencies={"pysocks": {"version": "*", "optional": True, "markers": 'extra == "socks"'}},
            extras={"socks": ["pysocks"], "all": ["urllib3[socks]"]},
        ),
        Package(name="pysocks", dependencies={"below": "*"}),
        Package(name="below"),
    ]

    assert names(selected(project, packages, exclude=("boto3",))) == ["app", "below", "pysocks", "shared", "urllib3"]


def test_excluding_an_unselected_distribution_changes_nothing() -> None:
    """Two stacks with different groups could not share one `exclude`."""
    packages = [Package(name="app"), Package(name="tool", groups=["dev"])]
    selection = selected(GROUPS, packages, exclude=("tool",))

    assert (names(selection), selection.excluded) == (["app"], ())


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice.of(["main", "Docs"], ["AWS"], ["App"]), []),
        (
            Choice.of(["devs"]),
            ["groups: unknown group 'devs'\n  hint: did you mean 'dev'? known groups: dev, docs, main"],
        ),
        (Choice.of(["zzz"]), ["groups: unknown group 'zzz'\n  hint: known groups: dev, docs, main"]),
        (Choice.of([]), ["groups: no group is selected\n  hint: known groups: dev, docs, main"]),
        (
            Choice.of(["main"], ["alll"]),
            ["extras: unknown extra 'alll'\n  hint: did you mean 'all'? known extras: all, aws"],
        ),
        (
            Choice.of(["main"], [], ["appp"]),
            ["exclude: unknown distribution 'appp'\n  hint: did you mean 'app'? known distributions: app"],
        ),
    ],
)
def test_unknown_name_is_an_error_with_a_suggestion(choice: Choice, expected: list[str]) -> None:
    """A typo would give a layer without the packages that the user chose."""
    project, lock = read(GROUPS, lock_text(GROUPS, [Package(name="app")], extras=EXTRAS))

    assert [str(problem) for problem in choice_problems(project, lock, choice)] == expected


def test_all_unknown_names_are_reported() -> None:
    """A user could only fix one name per run."""
    project, lock = read(GROUPS, lock_text(GROUPS, [Package(name="app")], extras=EXTRAS))

    problems = list(choice_problems(project, lock, Choice.of(["x", "y"], ["z"], ["w"])))

    assert [type(problem) for problem in problems] == [SelectionError] * 4
    assert [problem.where for problem in problems] == ["groups", "groups", "extras", "exclude"]


def test_extra_that_is_not_locked_is_unknown() -> None:
    """An extra that was never locked would be treated as empty."""
    project, lock = read(GROUPS, lock_text(GROUPS, [Package(name="app")], extras={"aws": ["boto3"]}))

    (problem,) = choice_problems(project, lock, Choice.of(["main"], ["all"]))

    assert str(problem).startswith("extras: unknown extra 'all'")
