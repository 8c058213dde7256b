"""Tests of reading pyproject.toml."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pulumi_poetry_layer.errors import ProjectError
from pulumi_poetry_layer.poetry.lockfile import LockFile
from pulumi_poetry_layer.poetry.pyproject import Project, parse_project

POETRY = """\
[tool.poetry]
name = "service"
version = "1.0"

[tool.poetry.dependencies]
python = "^3.9"
"""


def names(project: Project, group: str) -> list[str]:
    """Names of a group's dependencies, in order."""
    return [dependency.name for dependency in project.groups[group]]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("[project", "pyproject.toml", "not valid TOML"),
        ("[build-system]\nrequires = []", "pyproject.toml", "neither a [project] nor a [tool.poetry] table"),
        ("project = 1", "pyproject.toml: project", "must be a table"),
        ("tool = 1", "pyproject.toml: tool", "must be a table"),
        ("[tool]\npoetry = 1", "pyproject.toml: tool.poetry", "must be a table"),
        ('[project]\ndependencies = "requests"', "pyproject.toml: project.dependencies", "must be an array"),
        ("[project]\ndependencies = [1]", "pyproject.toml: project.dependencies[0]", "must be a string"),
        ('[project]\ndependencies = ["a", "b !"]', "pyproject.toml: project.dependencies[1]", "not a requirement"),
        (
            '[project]\ndependencies = [{include-group = "a"}]',
            "pyproject.toml: project.dependencies[0]",
            "must be a string",
        ),
        (
            '[project]\nname = "x"\n[project.optional-dependencies]\nx = "requests"',
            "pyproject.toml: project.optional-dependencies.x",
            "must be an array",
        ),
        ('[project]\nrequires-python = 3\nname = "x"', "pyproject.toml: project.requires-python", "must be a string"),
        ("[tool.poetry]\ndependencies = 1", "pyproject.toml: tool.poetry.dependencies", "must be a table"),
        (
            "[tool.poetry.dependencies]\nrequests = 2",
            "pyproject.toml: tool.poetry.dependencies.requests",
            "must be a string, a table or an array",
        ),
        (
            "[tool.poetry.dependencies]\nrequests = [{version = 2}]",
            "pyproject.toml: tool.poetry.dependencies.requests[0].version",
            "must be a string",
        ),
        (
            '[tool.poetry.dependencies]\nrequests = {extras = "socks"}',
            "pyproject.toml: tool.poetry.dependencies.requests.extras",
            "must be an array",
        ),
        (
            '[tool.poetry.dependencies]\nrequests = {optional = "yes"}',
            "pyproject.toml: tool.poetry.dependencies.requests.optional",
            "must be true or false",
        ),
        ('[tool.poetry.extras]\nx = "requests"', "pyproject.toml: tool.poetry.extras.x", "must be an array"),
        ("[tool.poetry.group]\ndev = 1", "pyproject.toml: tool.poetry.group.dev", "must be a table"),
        (
            "[tool.poetry.group.dev]\ndependencies = []",
            "pyproject.toml: tool.poetry.group.dev.dependencies",
            "must be a table",
        ),
        (
            '[project]\nname = "x"\n[dependency-groups]\ndev = "pytest"',
            "pyproject.toml: dependency-groups.dev",
            "must be an array",
        ),
        (
            '[project]\nname = "x"\n[dependency-groups]\ndev = [{group = "x"}]',
            "pyproject.toml: dependency-groups.dev[0].include-group",
            "missing key",
        ),
        (
            '[project]\nname = "x"\n[dependency-groups]\ndev = [{include-group = "test"}]',
            "pyproject.toml: dependency-groups.dev[0].include-group",
            "group 'test' is not defined",
        ),
        (
            '[tool.poetry.group.dev]\ninclude-groups = ["test"]',
            "pyproject.toml: tool.poetry.group.dev.include-groups",
            "group 'test' is not defined",
        ),
        (
            '[project]\nname = "x"\n[dependency-groups]\na = [{include-group = "b"}]\nb = [{include-group = "a"}]',
            "pyproject.toml: dependency-groups.b[0].include-group",
            "groups include each other: a → b → a",
        ),
    ],
)
def test_wrong_text_is_an_error_that_names_file_and_key(text: str, where: str, what: str) -> None:
    """A user would search the whole file, or get a layer from something that means something else."""
    with pytest.raises(ProjectError) as caught:
        parse_project(text)

    assert caught.value.where == where
    assert what in caught.value.what


def test_reads_poetrys_own_tables() -> None:
    """Projects of Poetry 1 would have no groups, extras or dependencies."""
    project = parse_project(
        POETRY
        + """\
Requests = { version = "^2", extras = ["socks", "use_chardet"], markers = "os_name == 'posix'" }
tomli = [{ version = "1", python = "<3.8" }, { version = "2", python = ">=3.8", platform = "linux" }]
boto3 = { version = "*", optional = true }

[tool.poetry.extras]
AWS_sdk = ["Boto3"]

[tool.poetry.group.Dev.dependencies]
pytest = "*"
python = "*"
"""
    )

    requests, old, new, boto3 = project.groups["main"]
    assert (requests.name, requests.extras) == ("requests", frozenset({"socks", "use-chardet"}))
    assert (requests.constraint, requests.marker) == ("^2", "os_name == 'posix'")
    assert [(d.name, d.constraint, d.python, d.platform) for d in (old, new)] == [
        ("tomli", "1", "<3.8", ""),
        ("tomli", "2", ">=3.8", "linux"),
    ]
    assert (boto3.optional, boto3.in_extras) == (True, frozenset({"aws-sdk"}))
    assert project.extras == {"aws-sdk": {"boto3"}}
    assert names(project, "dev") == ["pytest"]
    assert project.python == {"tool.poetry.dependencies.python": "^3.9"}


def test_reads_the_standard_tables() -> None:
    """Projects of Poetry 2 would have no groups, extras or dependencies."""
    project = parse_project(
        """\
[project]
name = "service"
requires-python = ">=3.9"
dependencies = ["Requests[socks]>=2; os_name == 'posix'", "lib @ https://files.invalid/lib.zip"]

[project.optional-dependencies]
AWS = ["boto3"]

[dependency-groups]
Test_Suite = ["pytest>=8"]
dev = ["mypy", { include-group = "test-suite" }]
"""
    )

    requests, lib, boto3 = project.groups["main"]
    assert (requests.name, requests.extras, requests.constraint) == ("requests", frozenset({"socks"}), ">=2")
    assert lib.address == "https://files.invalid/lib.zip"
    assert (boto3.optional, boto3.in_extras) == (True, frozenset({"aws"}))
    assert project.extras == {"aws": {"boto3"}}
    assert names(project, "dev") == ["mypy", "pytest"]
    assert names(project, "test-suite") == ["pytest"]
    assert project.python == {"project.requires-python": ">=3.9"}


@pytest.mark.parametrize(
    ("standard", "legacy", "expected"),
    [
        ('dependencies = ["a"]', 'b = "*"\na = {source = "x"}', ["a"]),
        (
            'dependencies = ["a"]\ndynamic = ["optional-dependencies"]',
            'b = {version = "*", optional = true}',
            ["a", "b"],
        ),
        ('dependencies = ["a"]\ndynamic = ["optional-dependencies"]', 'b = "*"', ["a"]),
        ('dynamic = ["dependencies"]\noptional-dependencies = {x = ["a"]}', 'b = "*"', ["a", "b"]),
        ("dependencies = []", 'b = "*"', ["b"]),
        ("", 'b = "*"', ["b"]),
    ],
)
def test_poetrys_table_refines_the_standard_one(standard: str, legacy: str, expected: list[str]) -> None:
    """Names that Poetry only takes as hints would keep packages in the layer that nothing else needs."""
    project = parse_project(f'[project]\nname = "x"\n{standard}\n[tool.poetry.dependencies]\n{legacy}\n')

    assert names(project, "main") == expected


def test_poetrys_extras_do_not_count_beside_standard_dependencies() -> None:
    """An extra that Poetry does not know would be taken for known."""
    project = parse_project('[project]\nname = "x"\ndependencies = ["a"]\n[tool.poetry.extras]\nx = ["a"]\n')

    assert project.extras == {}


@pytest.mark.parametrize(
    ("text", "group", "expected"),
    [
        (POETRY + '[tool.poetry.dev-dependencies]\npytest = "*"\n', "dev", ["pytest"]),
        (POETRY + "[tool.poetry.dev-dependencies]\n", "dev", []),
        (
            POETRY + '[tool.poetry.dev-dependencies]\na = "*"\n[tool.poetry.group.dev.dependencies]\nb = "*"\n',
            "dev",
            ["b", "a"],
        ),
        (POETRY + "[tool.poetry.group.docs]\noptional = true\n", "docs", []),
        (
            POETRY + '[tool.poetry.group.a.dependencies]\nx = "*"\n[tool.poetry.group.b]\ninclude-groups = ["A"]\n',
            "b",
            ["x"],
        ),
        (
            '[project]\nname = "x"\n[dependency-groups]\na = ["x"]\n[tool.poetry.group.a.dependencies]\ny = "*"\n',
            "a",
            ["x", "y"],
        ),
    ],
)
def test_groups_of_every_spelling(text: str, group: str, expected: list[str]) -> None:
    """A group that Poetry knows would be "unknown", or lose some of its packages."""
    assert names(parse_project(text), group) == expected


def test_main_group_is_always_there() -> None:
    """A project that only has groups could not be asked for its (empty) main group."""
    assert parse_project('[project]\nname = "x"\n').groups == {"main": ()}


@pytest.mark.parametrize(
    ("generated_by", "with_groups", "fresh"),
    [
        ("2.5.1", True, True),
        ("2.5.1", False, False),
        ("2.3.0", False, False),
        ("2.3.0rc1", False, True),
        ("2.2.1", False, True),
        ("2.2.1", True, True),
        ("1.8.5", False, True),
        ("and", False, False),
        (None, False, False),
    ],
)
def test_locks_of_older_poetry_releases_stay_fresh(generated_by: str | None, with_groups: bool, fresh: bool) -> None:
    """A lock file that Poetry installs from would be called stale, or a stale one would be used."""
    project = parse_project('[project]\nname = "x"\ndependencies = ["a"]\n[dependency-groups]\ndev = ["b"]\n')
    lock = LockFile(
        lock_version="2.1",
        generated_by=generated_by,
        content_hash=project.content_hash if with_groups else project.content_hash_without_groups,
        extras=frozenset(),
        packages=(),
    )

    assert project.content_hash != project.content_hash_without_groups
    assert project.matches(lock) is fresh


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        (lambda text: text.replace('name = "service"', 'name = "other"'), False),
        (lambda text: text + "# a comment\n", False),
        (lambda text: text + "\n[tool.ruff]\nline-length = 1\n", False),
        (lambda text: text.replace('"^3.9"', '"^3.10"'), True),
        (lambda text: text + 'requests = "*"\n', True),
        (lambda text: text + "[tool.poetry.extras]\nx = []\n", True),
        (lambda text: text + '[[tool.poetry.source]]\nname = "x"\n', True),
        (lambda text: text + "[tool.poetry.group.dev]\noptional = true\n", True),
        (lambda text: text + '\n[project]\nrequires-python = ">=3.9"\n', True),
        (lambda text: text + '\n[dependency-groups]\ndev = ["a"]\n', True),
        (lambda text: text + '\n[project]\nname = "x"\n', False),
    ],
)
def test_only_what_decides_a_lock_makes_it_stale(change: Callable[[str], str], counts: bool) -> None:
    """Every edit of pyproject.toml would ask for `poetry lock`, or one that matters would not."""
    before, after = parse_project(POETRY), parse_project(change(POETRY))

    assert (before.content_hash != after.content_hash) is counts
