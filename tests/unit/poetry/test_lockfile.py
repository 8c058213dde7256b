"""Tests of reading poetry.lock."""

from __future__ import annotations

import pytest
from samples import PROJECT, Package, digest, lock_text

from pulumi_poetry_layer.errors import LockFileError
from pulumi_poetry_layer.poetry.locked import LockedFile, LockedSource
from pulumi_poetry_layer.poetry.lockfile import parse_lockfile

METADATA = '[metadata]\nlock-version = "2.1"\ncontent-hash = "x"\n'
HEAD = '[[package]]\nname = "a"\nversion = "1"\ngroups = ["main"]\nfiles = []\n'


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("[[package", "poetry.lock", "not valid TOML"),
        ("", "poetry.lock: metadata", "missing key"),
        ("metadata = 1", "poetry.lock: metadata", "must be a table"),
        ("[metadata]\n", "poetry.lock: metadata.lock-version", "missing key"),
        ("[metadata]\nlock-version = 2.1", "poetry.lock: metadata.lock-version", "must be a string"),
        ('[metadata]\nlock-version = "2.2"', "poetry.lock: metadata.lock-version", "2.2 is not supported"),
        ('[metadata]\nlock-version = "1.0"', "poetry.lock: metadata.lock-version", "1.0 is not supported"),
        ('[metadata]\nlock-version = "2.1"', "poetry.lock: metadata.content-hash", "missing key"),
        ('[metadata]\nlock-version = "2.1"\ncontent-hash = 1', "poetry.lock: metadata.content-hash", "a string"),
        (f"package = 1\n{METADATA}", "poetry.lock: package", "must be an array"),
        (f"package = [1]\n{METADATA}", "poetry.lock: package[0]", "must be a table"),
        (f"[package]\nname = 'a'\n{METADATA}", "poetry.lock: package", "must be an array"),
        (f"extras = []\n{METADATA}", "poetry.lock: extras", "must be a table"),
        (f'{HEAD}{METADATA}[[package]]\nversion = "1"', "poetry.lock: package[1].name", "missing key"),
        (f'[[package]]\nname = "a"\n{METADATA}', "poetry.lock: package[0].version", "missing key"),
        (f"[[package]]\nname = 1\n{METADATA}", "poetry.lock: package[0].name", "must be a string"),
        (
            f'[[package]]\nname = "a"\nversion = "one"\n{METADATA}',
            "poetry.lock: package[0].version",
            "is not a valid version",
        ),
        (f'[[package]]\nname = "a"\nversion = "1"\n{METADATA}', "poetry.lock: package[0].groups", "missing key"),
        (HEAD.replace('["main"]', '"main"') + METADATA, "poetry.lock: package[0].groups", "must be an array"),
        (HEAD.replace('["main"]', "[1]") + METADATA, "poetry.lock: package[0].groups[0]", "must be a string"),
        (HEAD.replace("files = []", "") + METADATA, "poetry.lock: package[0].files", "missing key"),
        (HEAD.replace("files = []", "files = {}") + METADATA, "poetry.lock: package[0].files", "must be an array"),
        (HEAD.replace("[]", '["a.whl"]') + METADATA, "poetry.lock: package[0].files[0]", "must be a table"),
        (HEAD.replace("[]", '[{file = "a.whl"}]') + METADATA, "poetry.lock: package[0].files[0].hash", "missing key"),
        (HEAD.replace("[]", "[{file = 1}]") + METADATA, "poetry.lock: package[0].files[0].file", "must be a string"),
        (f"{HEAD}markers = 1\n{METADATA}", "poetry.lock: package[0].markers", "a string or a table"),
        (f"{HEAD}markers = {{main = 1}}\n{METADATA}", "poetry.lock: package[0].markers.main", "must be a string"),
        (f"{HEAD}source = 1\n{METADATA}", "poetry.lock: package[0].source", "must be a table"),
        (f"{HEAD}source = {{type = 'git'}}\n{METADATA}", "poetry.lock: package[0].source.url", "missing key"),
        (f"{HEAD}dependencies = 'b'\n{METADATA}", "poetry.lock: package[0].dependencies", "must be a table"),
        (f"{HEAD}dependencies = {{b = 1}}\n{METADATA}", "poetry.lock: package[0].dependencies.b", "must be a string"),
        (
            f"{HEAD}dependencies = {{b = {{markers = 1}}}}\n{METADATA}",
            "poetry.lock: package[0].dependencies.b.markers",
            "must be a string",
        ),
        (f"{HEAD}extras = {{x = 'b'}}\n{METADATA}", "poetry.lock: package[0].extras.x", "must be an array"),
        (f"{HEAD}develop = 1\n{METADATA}", "poetry.lock: package[0].develop", "must be true or false"),
        (
            HEAD.replace("files = []", "") + METADATA.replace("2.1", "1.1") + "[metadata.files]\nb = []",
            "poetry.lock: metadata.files.a",
            "missing key",
        ),
    ],
)
def test_invalid_lock_file_is_an_error_that_names_file_and_key(text: str, where: str, what: str) -> None:
    """A user would search thousands of lines, or build a layer from a lock file that a merge damaged."""
    with pytest.raises(LockFileError) as caught:
        parse_lockfile(text)

    assert caught.value.where == where
    assert what in caught.value.what
    assert "poetry lock" in str(caught.value.hint)


def test_all_keys_of_a_package_are_read() -> None:
    """A key that decides what is in the layer would be ignored."""
    package = Package(
        name="My_Lib",
        version="1.2",
        groups=["main", "Dev_Tools"],
        markers={"main": 'os_name == "posix"'},
        files=["My_Lib-1.2.tar.gz"],
        dependencies={"Requests": {"version": ">=2", "extras": ["Use_Chardet"], "optional": True, "markers": "x"}},
        extras={"All_Of": ["Requests (>=2)", "my-lib[Other_One]", "tomli (>=1) ; python_version < '3.11'"]},
        source={"type": "git", "url": "u", "reference": "r", "resolved_reference": "c", "subdirectory": "s"},
        python=">=3.8",
        other_keys={"develop": True},
    )

    (read,) = parse_lockfile(lock_text(PROJECT, [package])).packages

    assert (read.name, read.version, read.label) == ("my-lib", "1.2", "my-lib 1.2")
    assert read.groups == {"main", "dev-tools"}
    assert read.markers == {"main": 'os_name == "posix"', "dev-tools": ""}
    assert read.files == (LockedFile("My_Lib-1.2.tar.gz", digest("My_Lib-1.2.tar.gz")),)
    assert read.source == LockedSource(type="git", url="u", reference="r", resolved_reference="c", subdirectory="s")
    assert read.python == ">=3.8"
    assert read.develop
    (dependency,) = read.dependencies
    assert (dependency.name, dependency.extras, dependency.constraint) == (
        "requests",
        frozenset({"use-chardet"}),
        ">=2",
    )
    assert (dependency.optional, dependency.marker) == (True, "x")
    members = read.extras["all-of"]
    assert [(m.name, *m.extras) for m in members] == [("requests",), ("my-lib", "other-one"), ("tomli",)]


def test_single_marker_applies_to_all_groups() -> None:
    """A package for another platform would be in the layer because of its second group."""
    package = Package(name="a", groups=["main", "dev"], markers='os_name == "nt"')

    (read,) = parse_lockfile(lock_text(PROJECT, [package])).packages

    assert read.markers == {"main": 'os_name == "nt"', "dev": 'os_name == "nt"'}


@pytest.mark.parametrize(
    ("first_line", "release"),
    [
        ("# This file is automatically @generated by Poetry 2.5.1 and should not be changed by hand.", "2.5.1"),
        ("# This file is automatically @generated by Poetry and should not be changed by hand.", "and"),
        ("# A comment of the user", None),
        ("# A comment of the user\n# This file is automatically @generated by Poetry 2.2.0 and so on", None),
    ],
)
def test_poetry_release_is_read_from_the_first_line(first_line: str, release: str | None) -> None:
    """A lock file of Poetry before 2.3 would be reported as stale, although Poetry installs from it."""
    assert parse_lockfile(f"{first_line}\n{METADATA}").generated_by == release


def test_extras_of_the_project_are_read() -> None:
    """An extra of the project would be reported as unknown."""
    text = lock_text(PROJECT, [Package(name="app")], extras={"All_Of": ["b"]})

    assert parse_lockfile(text).extras == {"all-of"}


def test_lock_file_without_packages_is_valid() -> None:
    """A project without dependencies would get an error about its lock file."""
    lock = parse_lockfile(f"package = []\n{METADATA}")

    assert lock.packages == ()
    assert lock.has_groups_and_markers


OLD = """\
[[package]]
name = "Foo_Bar"
version = "1.1"
description = ""
category = "main"
optional = false
python-versions = "*"

[[package]]
name = "foo-bar"
version = "2.0"
description = ""
category = "main"
optional = false
python-versions = "*"

[[package]]
name = "repo"
version = "1.0"
[package.source]
type = "git"
url = "u"

[[package]]
name = "local"
version = "1.0"
[package.source]
type = "file"
url = "wheels/local-1.0-py3-none-any.whl"

[metadata]
lock-version = "1.1"
content-hash = "x"

[metadata.files]
foo-bar = [
    {file = "foo_bar-1.1-1-py3-none-any.whl", hash = "sha256:a"},
    {file = "foo-bar-1.1.tar.gz", hash = "sha256:b"},
    {file = "foo_bar-2.0-py3-none-any.whl", hash = "sha256:c"},
    {file = "foo-bar-2.0.zip", hash = "sha256:d"},
    {file = "README", hash = "sha256:e"},
]
repo = []
local = [
    {file = "local-1.0-py3-none-any.whl", hash = "sha256:f"},
    {file = "local-2.0-py3-none-any.whl", hash = "sha256:g"},
]
"""


def test_lock_version_1_1_assigns_files_to_versions() -> None:
    """The layer would contain the file of another locked version of the same package."""
    lock = parse_lockfile(OLD)

    assert not lock.has_groups_and_markers
    assert [[file.hash for file in package.files] for package in lock.packages] == [
        ["sha256:a", "sha256:b"],
        ["sha256:c", "sha256:d"],
        [],
        ["sha256:f"],
    ]


def test_lock_version_2_0_lists_files_in_each_package() -> None:
    """Lock files of Poetry 1.5 to 1.8 could not be used."""
    text = HEAD.replace('groups = ["main"]\n', "").replace("[]", '[{file = "a-1.tar.gz", hash = "h"}]')

    lock = parse_lockfile(text + METADATA.replace("2.1", "2.0"))

    assert [package.files for package in lock.packages] == [(LockedFile("a-1.tar.gz", "h"),)]
    assert not lock.has_groups_and_markers
