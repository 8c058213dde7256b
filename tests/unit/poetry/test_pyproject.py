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
    """The names of a group's dependencies, in order."""
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
        (
            '[project]\ndependencies = ["a", "b !"]',
            "pyproject.toml: project.dependencies[1]",
            "is not a valid requirement",
        ),
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
            "[project]\ndependencies = ['a', \"b ; python_version === '3.12'\"]",
            "pyproject.toml: project.dependencies[1]",
            "'===' is not allowed in",
        ),
        (
            "[dependency-groups]\ndev = [\"b ; python_full_version === '3.12.4'\"]\n[project]\nname = 'x'",
            "pyproject.toml: dependency-groups.dev[0]",
            "'===' is not allowed in",
        ),
        (
            "[tool.poetry.dependencies]\nrequests = {version = '*', markers = 'nonsense'}",
            "pyproject.toml: tool.poetry.dependencies.requests",
            "invalid marker",
        ),
        (
            "[tool.poetry.group.dev.dependencies]\npytest = 'newest'",
            "pyproject.toml: tool.poetry.group.dev.dependencies.pytest",
            "'newest' is not a version constraint",
        ),
        (
            "[tool.poetry.dependencies]\nrequests = {version = '*', python = 'any'}",
            "pyproject.toml: tool.poetry.dependencies.requests",
            "'any' is not a version constraint",
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
def test_invalid_pyproject_is_an_error_that_names_file_and_key(text: str, where: str, what: str) -> None:
    """A user would search the whole file, or get a layer with other dependencies than the file lists."""
    with pytest.raises(ProjectError) as caught:
        parse_project(text)

    assert caught.value.where == where
    assert what in caught.value.what


def test_long_circle_of_groups_is_shown_in_part() -> None:
    """A message would fill the screen."""
    groups = "".join(f'g{number} = [{{include-group = "g{(number + 1) % 50}"}}]\n' for number in range(50))
    with pytest.raises(ProjectError) as caught:
        parse_project(f'[project]\nname = "x"\n[dependency-groups]\n{groups}')

    assert caught.value.what == "groups include each other: g0 → g1 → g2 → g3 → g4 → g5 → g6 → g7 → … → g49 → g0"


def test_tables_of_poetry_1_are_read() -> None:
    """A project for Poetry 1 would have no groups, extras or dependencies."""
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


def test_standard_tables_are_read() -> None:
    """A project for Poetry 2 would have no groups, extras or dependencies."""
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
def test_tool_poetry_dependencies_count_only_where_project_leaves_them_out(
    standard: str, legacy: str, expected: list[str]
) -> None:
    """A name in [tool.poetry.dependencies] that only adds details would count as a dependency."""
    project = parse_project(f'[project]\nname = "x"\n{standard}\n[tool.poetry.dependencies]\n{legacy}\n')

    assert names(project, "main") == expected


def test_tool_poetry_extras_are_ignored_if_project_lists_dependencies() -> None:
    """An extra that Poetry does not know would be accepted."""
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
            ["x"],
        ),
    ],
)
def test_group_is_read_from_every_table_that_can_define_it(text: str, group: str, expected: list[str]) -> None:
    """A group that Poetry knows would be reported as unknown, or some of its packages would be missing."""
    assert names(parse_project(text), group) == expected


def test_main_group_always_exists() -> None:
    """A project without main dependencies would get an error about an unknown group."""
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
def test_content_hash_without_groups_is_accepted_from_older_poetry_releases(
    generated_by: str | None, with_groups: bool, fresh: bool
) -> None:
    """A lock file that Poetry accepts would be reported as stale, or a stale one would be used."""
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
    ("change", "is_relevant"),
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
def test_content_hash_changes_only_with_keys_that_decide_the_lock_file(
    change: Callable[[str], str], is_relevant: bool
) -> None:
    """Every edit of pyproject.toml would require `poetry lock`, or a relevant edit would not."""
    before, after = parse_project(POETRY), parse_project(change(POETRY))

    assert (before.content_hash != after.content_hash) is is_relevant


@pytest.mark.parametrize("form", ['"{0}" = [{1}"own{0}"]', "[tool.poetry.group.{0}]\ninclude-groups = [{1}]"])
def test_groups_that_include_each_other_in_many_ways_have_each_dependency_once(form: str) -> None:
    """A preview would never end: each of 40 groups includes the next one twice, which are 2^40 ways."""
    is_standard = form.startswith('"')
    lines = []
    for number in range(40):
        included = f"g{number + 1}"
        entry = f"{{include-group = '{included}'}}, " * 2 if is_standard else f"'{included}', " * 2
        lines.append(form.format(f"g{number}", entry if number < 39 else ""))
        if not is_standard:
            lines.append(f"dependencies = {{own-g{number} = '*'}}")
    head = '[project]\nname = "x"\n[dependency-groups]\n' if is_standard else '[project]\nname = "x"\n'

    groups = parse_project(head + "\n".join(lines)).groups

    assert [len(groups[f"g{number}"]) for number in (0, 1, 39)] == [40, 39, 1]
    assert groups["g0"][0].name in {"own-g0", "owng0"}


def test_chain_of_thousands_of_groups_is_read() -> None:
    """A preview would end with a RecursionError."""
    chain = "".join(f'g{number} = [{{include-group = "g{number + 1}"}}]\n' for number in range(3000))
    text = f'[project]\nname = "x"\n[dependency-groups]\n{chain}g3000 = ["a"]\n'

    assert [dependency.name for dependency in parse_project(text).groups["g0"]] == ["a"]
    with pytest.raises(ProjectError, match="groups include each other: g0 → g1 → "):
        parse_project(text.replace('["a"]', '[{include-group = "g0"}]'))
