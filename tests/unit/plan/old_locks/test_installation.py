"""Tests of selecting packages from lock files of versions 1.1 and 2.0."""

from __future__ import annotations

import pytest
from samples import ARM, X86, Package, lock_text, old_lock_text, read

from pulumi_poetry_layer.errors import LockFileError, ProjectError
from pulumi_poetry_layer.plan.build_plan import Choice
from pulumi_poetry_layer.plan.selection import select_packages
from pulumi_poetry_layer.plan.target import Target

HEAD = '[tool.poetry]\nname = "x"\nversion = "1"\n'


def chosen(
    dependencies: str,
    packages: list[Package],
    *,
    groups: tuple[str, ...] = ("main",),
    extras: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    target: Target = X86,
) -> dict[str, str]:
    """Name → version of the packages in the layer."""
    project = f"{HEAD}{dependencies}"
    text = old_lock_text(project, packages, extras={extra: [] for extra in extras})
    selection = select_packages(*read(project, text), Choice.of(groups, extras, exclude), target.marker_environment)
    return {package.name: package.version for package in selection.packages}


MAIN = "[tool.poetry.dependencies]\n"


@pytest.mark.parametrize(
    ("groups", "expected"), [(("main",), {"a", "b"}), (("dev",), {"b", "c"}), (("main", "dev"), {"a", "b", "c"})]
)
def test_groups_are_read_from_pyproject(groups: tuple[str, ...], expected: set[str]) -> None:
    """The layers of users of Poetry 1 would contain development tools."""
    text = MAIN + 'a = "*"\n[tool.poetry.group.dev.dependencies]\nc = "*"\n'
    packages = [
        Package(name="a", dependencies={"b": "*"}),
        Package(name="b"),
        Package(name="c", dependencies={"b": "*"}),
    ]

    assert chosen(text, packages, groups=groups).keys() == expected


@pytest.mark.parametrize(
    ("declared", "target", "expected"),
    [
        ('"*"', X86, True),
        ('{ version = "*", markers = "platform_machine == \'aarch64\'" }', X86, False),
        ('{ version = "*", markers = "platform_machine == \'aarch64\'" }', ARM, True),
        ('{ version = "*", python = "<3.11" }', X86, False),
        ('{ version = "*", python = "3.12" }', X86, True),
        ('{ version = "*", platform = "win32" }', X86, False),
        ('{ version = "*", platform = "linux" }', X86, True),
        ('{ version = "*", platform = "!=win32,!=darwin" }', X86, True),
        ('{ version = "*", platform = "darwin || linux" }', X86, True),
    ],
)
def test_conditions_of_a_dependency_are_evaluated_for_the_target(declared: str, target: Target, expected: bool) -> None:
    """The layer would contain a package for another platform or Python."""
    assert ("a" in chosen(f"{MAIN}a = {declared}\n", [Package(name="a")], target=target)) is expected


@pytest.mark.parametrize(
    ("dependency", "expected"),
    [
        ('"*"', {"a"}),
        ('{ version = "*", extras = ["x"] }', {"a", "b"}),
        ('{ version = "*", extras = ["y"] }', {"a", "c"}),
        ('{ version = "*", extras = ["all"] }', {"a", "b", "c"}),
        ('{ version = "*", extras = ["unknown"] }', {"a"}),
    ],
)
def test_extra_of_a_dependency_adds_its_packages(dependency: str, expected: set[str]) -> None:
    """`requests[socks]` would be without PySocks, or `requests` with it."""
    packages = [
        Package(
            name="a",
            dependencies={
                "b": {"version": "*", "optional": True, "markers": 'extra == "x"'},
                "c": {"version": "*", "optional": True},
            },
            extras={"x": ["b (>=1)"], "y": ["c"], "all": ["a[x]", "A[Y]"]},
        ),
        Package(name="b"),
        Package(name="c"),
    ]

    assert chosen(f"{MAIN}a = {dependency}\n", packages).keys() == expected


OPTIONAL = """\
a = "*"
b = { version = "*", optional = true }
c = { version = "*", optional = true }
[tool.poetry.extras]
b = ["b"]
all = ["b", "c"]
"""


@pytest.mark.parametrize(
    ("extras", "expected"),
    [
        ((), {"a"}),
        (("b",), {"a", "b", "below"}),
        (("all",), {"a", "b", "below", "c"}),
        (("b", "all"), {"a", "b", "below", "c"}),
    ],
)
def test_extra_of_the_project_adds_its_packages(extras: tuple[str, ...], expected: set[str]) -> None:
    """Optional packages would be missing from the layer, or be in it without their extra."""
    packages = [
        Package(name="a"),
        Package(name="b", dependencies={"below": "*"}),
        Package(name="c"),
        Package(name="below"),
    ]

    assert chosen(MAIN + OPTIONAL, packages, extras=extras).keys() == expected


@pytest.mark.parametrize(
    ("dependencies", "expected"),
    [
        ('a = "*"\n', {"a": "2.0"}),
        ('a = "<2"\n', {"a": "1.5"}),
        ('a = "*"\nb = "*"\n', {"a": "1.0", "b": "1.0"}),
        ('b = "*"\na = ">=1,!=1.5"\n', {"a": "1.0", "b": "1.0"}),
        ('a = [{ version = "^1", python = "<3.12" }, { version = "^2", python = ">=3.12" }]\n', {"a": "2.0"}),
        ('a = [{ version = "<2", python = "<4" }, { version = "!=1.5", platform = "linux" }]\n', {"a": "1.0"}),
    ],
)
def test_highest_version_that_satisfies_all_dependencies_is_chosen(dependencies: str, expected: dict[str, str]) -> None:
    """The layer would contain a different version than the one that Poetry installs."""
    packages = [
        Package(name="a", version="1.0"),
        Package(name="a", version="2.0"),
        Package(name="a", version="1.5"),
        Package(name="b", dependencies={"a": "<1.5"}),
    ]

    assert chosen(MAIN + dependencies, packages) == expected


def test_solver_backtracks_from_a_version_that_has_no_solution() -> None:
    """A lock file that Poetry can install would be refused."""
    packages = [
        Package(name="a", version="2.0", dependencies={"b": ">=2", "c": "*"}),
        Package(name="a", version="1.0", dependencies={"b": "<2", "c": "*"}),
        Package(name="b", version="2.0", dependencies={"d": ">=2"}),
        Package(name="b", version="1.0"),
        Package(name="c", dependencies={"d": "<2"}),
        Package(name="d", version="1.0"),
        Package(name="d", version="2.0"),
    ]

    assert chosen(f'{MAIN}a = "*"\n', packages) == {"a": "1.0", "b": "1.0", "c": "1.0", "d": "1.0"}


def test_package_with_and_without_extras_has_one_version() -> None:
    """The layer would mix `a[x]` of one version with `a` of another."""
    extra = {
        "dependencies": {"b": {"version": "*", "optional": True, "markers": 'extra == "x"'}},
        "extras": {"x": ["b"]},
    }
    packages = [
        Package(name="a", version="1.0", **extra),  # type: ignore[arg-type]
        Package(name="a", version="2.0", **extra),  # type: ignore[arg-type]
        Package(name="b"),
        Package(name="c", dependencies={"a": "<2"}),
    ]

    assert chosen(f'{MAIN}a = {{ version = "*", extras = ["x"] }}\nc = "*"\n', packages) == {
        "a": "1.0",
        "b": "1.0",
        "c": "1.0",
    }


def test_package_for_another_python_is_not_a_candidate() -> None:
    """The layer would contain a version that the runtime cannot import."""
    packages = [Package(name="a", version="2.0", python=">=3.13"), Package(name="a", version="1.0")]

    assert chosen(f'{MAIN}a = "*"\n', packages) == {"a": "1.0"}


@pytest.mark.parametrize(
    ("declared", "version"),
    [
        ('{ git = "https://git.invalid/a", rev = "aaaa" }', "1.0"),
        ('{ git = "https://git.invalid/a", tag = "v1" }', "1.1"),
        ('{ version = "*", source = "inner" }', "1.2"),
        ('{ version = "*", source = "pypi" }', "1.3"),
        ('{ url = "https://files.invalid/a.zip" }', "1.4"),
        ('{ path = "../a" }', "1.5"),
    ],
)
def test_package_comes_from_the_source_that_the_project_names(declared: str, version: str) -> None:
    """The layer would contain a package of the same name from another source."""
    git = {"type": "git", "url": "https://git.invalid/a"}
    sources = [
        {**git, "reference": "aaaa", "resolved_reference": "a" * 40},
        {**git, "reference": "v1", "resolved_reference": "b" * 40},
        {"type": "legacy", "url": "https://index.invalid", "reference": "inner"},
        None,
        {"type": "url", "url": "https://files.invalid/a.zip"},
        {"type": "directory", "url": "../a"},
    ]
    packages = [Package(name="a", version=f"1.{minor}", source=source) for minor, source in enumerate(sources)]

    assert chosen(f"{MAIN}a = {declared}\n", packages) == {"a": version}


@pytest.mark.parametrize(
    ("dependencies", "packages", "message"),
    [
        ('a = "^2"\n', [Package(name="a")], r"pyproject\.toml needs a \(\^2\)"),
        ('b = "*"\n', [Package(name="a")], r"pyproject\.toml needs b \(\*\)"),
        ('a = "*"\n', [Package(name="a", dependencies={"b": ">=9"}), Package(name="b")], r"a 1\.0 needs b \(>=9\)"),
        (
            'a = "^3"\n',
            [Package(name="a", version="1.0"), Package(name="a", version="2.0")],
            r"pyproject\.toml needs a \(\^3\)",
        ),
        (
            'a = "*"\nb = "*"\n',
            [
                Package(name="a", dependencies={"c": "<2"}),
                Package(name="b", dependencies={"c": ">=2"}),
                Package(name="c", version="1.0"),
                Package(name="c", version="2.0"),
            ],
            r"a 1\.0 needs c \(<2\); b 1\.0 needs c \(>=2\)",
        ),
        ('a = "*"\n', [Package(name="a", python=">=3.13")], r"pyproject\.toml needs a \(\*\)"),
    ],
)
def test_unsatisfied_dependency_is_an_error(dependencies: str, packages: list[Package], message: str) -> None:
    """A layer with a missing or wrong package would be published and fail in Lambda."""
    with pytest.raises(LockFileError, match=message):
        chosen(MAIN + dependencies, packages)


def test_invalid_constraint_is_an_error() -> None:
    """A user would see a traceback instead of a message that quotes the constraint."""
    with pytest.raises(LockFileError, match=r"poetry\.lock: invalid marker or constraint: 'latest'"):
        chosen(f'{MAIN}a = "*"\n', [Package(name="a", dependencies={"b": "latest"}), Package(name="b")])


def test_excluded_distribution_and_what_only_it_needs_are_left_out() -> None:
    """`exclude` would have no effect for users of Poetry 1."""
    packages = [
        Package(name="a", dependencies={"b": "*", "c": "*"}),
        Package(name="b", dependencies={"d": "*", "c": "*"}),
        Package(name="c"),
        Package(name="d"),
    ]

    assert chosen(f'{MAIN}a = "*"\n', packages, exclude=("b",)).keys() == {"a", "c"}


@pytest.mark.parametrize(("target", "expected"), [(X86, "libs/x86/a"), (ARM, "libs/arm/a")])
@pytest.mark.parametrize("order", [1, -1])
def test_path_dependencies_of_one_version_are_told_apart_by_markers(target: Target, expected: str, order: int) -> None:
    """The layer for every target would contain the folder for one of them."""
    project = (
        HEAD
        + MAIN
        + """\
a = [
    { path = "./libs/x86/a", markers = "platform_machine == 'x86_64'" },
    { path = "libs/arm/a/", markers = "platform_machine != 'x86_64'" },
]
"""
    )
    packages = [
        Package(name="a", files=(), source={"type": "directory", "url": url}) for url in ("libs/arm/a", "libs/x86/a")
    ]

    selection = select_packages(
        *read(project, old_lock_text(project, packages[::order])), Choice.of(["main"]), target.marker_environment
    )

    assert [package.source and package.source.url for package in selection.packages] == [expected]


@pytest.mark.parametrize(
    ("requirement", "reference"),
    [
        ("a @ git+https://git.invalid/a.git", "HEAD"),
        ("a @ git+https://git.invalid/a.git@v1", "v1"),
        ("a @ git+https://git.invalid/a.git@v1#subdirectory=part", "v1"),
    ],
)
def test_repository_in_standard_metadata_is_found_in_the_lock_file(requirement: str, reference: str) -> None:
    """A project with a git dependency in [project] would be refused."""
    project = f'[project]\nname = "x"\nversion = "1"\ndependencies = ["{requirement}"]\n'
    source = {"type": "git", "url": "https://git.invalid/a.git", "reference": reference, "resolved_reference": "0" * 40}
    if "subdirectory" in requirement:
        source["subdirectory"] = "part"
    lock = old_lock_text(project, [Package(name="a", files=(), source=source)])

    selection = select_packages(*read(project, lock), Choice.of(["main"]), X86.marker_environment)

    assert [package.name for package in selection.packages] == ["a"]


def test_package_behind_a_marker_on_an_extra_is_installed_with_that_extra_only() -> None:
    """Packages for one device would be in the layers for all of them."""
    text = (
        MAIN
        + """\
b = { version = "*", markers = "extra == 'fast'", optional = true }
c = { version = "*", markers = "extra != 'fast'", optional = true }
[tool.poetry.extras]
fast = ["b"]
slow = ["c"]
"""
    )
    packages = [Package(name="b"), Package(name="c")]

    assert chosen(text, packages, extras=("fast",)).keys() == {"b"}
    assert chosen(text, packages, extras=("slow",)).keys() == {"c"}


def test_project_itself_is_never_installed() -> None:
    """The user's own package would be looked for in the index, or be in the layer."""
    packages = [Package(name="a", dependencies={"x": "*", "b": "*"}), Package(name="b", dependencies={"x": "==1"})]

    assert chosen(f'{MAIN}a = "*"\n', packages).keys() == {"a", "b"}


def test_version_of_the_project_must_be_one() -> None:
    """A traceback would be shown instead of the line to correct."""
    project = HEAD.replace('"1"', '"one"') + MAIN

    with pytest.raises(ProjectError, match=r"pyproject\.toml: tool\.poetry\.version: 'one' is not a valid version"):
        select_packages(*read(project, old_lock_text(project, [])), Choice.of(["main"]), X86.marker_environment)


def test_lock_version_2_1_with_a_package_that_needs_the_project() -> None:
    """A plugin of the project would be refused, which Poetry installs."""
    project = HEAD + MAIN + 'a = "*"\n'
    lock = lock_text(project, [Package(name="a", dependencies={"x": ">=2", "b": "*"}), Package(name="b")])

    for exclude, expected in (((), ["a", "b"]), (("b",), ["a"])):
        choice = Choice.of(["main"], (), exclude)
        selection = select_packages(*read(project, lock), choice, X86.marker_environment)
        assert [package.name for package in selection.packages] == expected
