"""Tests of reading poetry.lock."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import tomli_w
from samples import PROJECT, Package, digest, lock_text

from pulumi_poetry_layer.errors import LockFileError
from pulumi_poetry_layer.poetry.locked import LockedFile, LockedSource
from pulumi_poetry_layer.poetry.lockfile import parse_lockfile

COMMIT = "c0" * 20
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
        ('[metadata]\nlock-version = "3.0"', "poetry.lock: metadata.lock-version", "3.0 is not supported"),
        ('[metadata]\nlock-version = "0.9"', "poetry.lock: metadata.lock-version", "0.9 is not supported"),
        ('[metadata]\nlock-version = "new"', "poetry.lock: metadata.lock-version", "is not a valid version"),
        ('[metadata]\nlock-version = "2.1"', "poetry.lock: metadata.content-hash", "missing key"),
        ('[metadata]\nlock-version = "2.1"\ncontent-hash = 1', "poetry.lock: metadata.content-hash", "a string"),
        (f"package = 1\n{METADATA}", "poetry.lock: package", "must be an array"),
        (f"package = [1]\n{METADATA}", "poetry.lock: package[0]", "must be a table"),
        (f"[package]\nname = 'a'\n{METADATA}", "poetry.lock: package", "must be an array"),
        (f"extras = []\n{METADATA}", "poetry.lock: extras", "must be a table"),
        (f'{HEAD}{METADATA}[[package]]\nversion = "1"', "poetry.lock: package[1].name", "missing key"),
        (f'[[package]]\nname = "a"\n{METADATA}', "poetry.lock: {a}.version", "missing key"),
        (f"[[package]]\nname = 1\n{METADATA}", "poetry.lock: package[0].name", "must be a string"),
        (
            f'[[package]]\nname = "a"\nversion = "one"\n{METADATA}',
            "poetry.lock: {a}.version",
            "is not a valid version",
        ),
        (f'[[package]]\nname = "a"\nversion = "1"\n{METADATA}', "poetry.lock: {a}.groups", "missing key"),
        (HEAD.replace('["main"]', '"main"') + METADATA, "poetry.lock: {a}.groups", "must be an array"),
        (HEAD.replace('["main"]', "[1]") + METADATA, "poetry.lock: {a}.groups[0]", "must be a string"),
        (HEAD.replace("files = []", "") + METADATA, "poetry.lock: {a}.files", "missing key"),
        (HEAD.replace("files = []", "files = {}") + METADATA, "poetry.lock: {a}.files", "must be an array"),
        (HEAD.replace("[]", '["a.whl"]') + METADATA, "poetry.lock: {a}.files[0]", "must be a table"),
        (HEAD.replace("[]", '[{file = "a.whl"}]') + METADATA, "poetry.lock: {a}.files[0].hash", "missing key"),
        (HEAD.replace("[]", "[{file = 1}]") + METADATA, "poetry.lock: {a}.files[0].file", "must be a string"),
        (f"{HEAD}markers = 1\n{METADATA}", "poetry.lock: {a}.markers", "a string or a table"),
        (f"{HEAD}markers = {{main = 1}}\n{METADATA}", "poetry.lock: {a}.markers.main", "must be a string"),
        (f"{HEAD}source = 1\n{METADATA}", "poetry.lock: {a}.source", "must be a table"),
        (f"{HEAD}source = {{type = 'git'}}\n{METADATA}", "poetry.lock: {a}.source.url", "missing key"),
        (f"{HEAD}dependencies = 'b'\n{METADATA}", "poetry.lock: {a}.dependencies", "must be a table"),
        (f"{HEAD}dependencies = {{b = 1}}\n{METADATA}", "poetry.lock: {a}.dependencies.b", "must be a string"),
        (
            f"{HEAD}dependencies = {{b = {{markers = 1}}}}\n{METADATA}",
            "poetry.lock: {a}.dependencies.b.markers",
            "must be a string",
        ),
        (f"{HEAD}extras = {{x = 'b'}}\n{METADATA}", "poetry.lock: {a}.extras.x", "must be an array"),
        (f"{HEAD}develop = 1\n{METADATA}", "poetry.lock: {a}.develop", "must be true or false"),
        (
            HEAD.replace("files = []", "") + METADATA.replace("2.1", "1.1") + "[metadata.files]\nb = []",
            "poetry.lock: metadata.files.a",
            "missing key",
        ),
        (
            HEAD.replace("files = []", "") + METADATA.replace("2.1", "1.0") + f"[metadata.hashes]\na = ['{'0' * 64}']",
            "poetry.lock: metadata.hashes",
            "hashes without the names of the files",
        ),
    ],
)
def test_invalid_lock_file_is_an_error_that_names_file_and_key(text: str, where: str, what: str) -> None:
    """A user would search thousands of lines, or build a layer from a lock file that a merge damaged."""
    with pytest.raises(LockFileError) as caught:
        parse_lockfile(text)

    assert caught.value.where == where.format(a="package[0] (a)")
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
        source={"type": "git", "url": "u", "reference": "r", "resolved_reference": COMMIT, "subdirectory": "s"},
        python=">=3.8",
        other_keys={"develop": True},
    )

    (read,) = parse_lockfile(lock_text(PROJECT, [package])).packages

    assert (read.name, read.version, read.label) == ("my-lib", "1.2", "my-lib 1.2")
    assert read.groups == {"main", "dev-tools"}
    assert read.markers == {"main": 'os_name == "posix"', "dev-tools": ""}
    assert read.files == (LockedFile("My_Lib-1.2.tar.gz", digest("My_Lib-1.2.tar.gz")),)
    assert read.source == LockedSource(type="git", url="u", reference="r", resolved_reference=COMMIT, subdirectory="s")
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


OLD = f"""\
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
    {{file = "foo_bar-1.1-1-py3-none-any.whl", hash = "{digest("a")}"}},
    {{file = "foo-bar-1.1.tar.gz", hash = "{digest("b")}"}},
    {{file = "foo_bar-2.0-py3-none-any.whl", hash = "{digest("c")}"}},
    {{file = "foo-bar-2.0.zip", hash = "{digest("d")}"}},
    {{file = "README", hash = "{digest("e")}"}},
]
repo = []
local = [
    {{file = "local-1.0-py3-none-any.whl", hash = "{digest("f")}"}},
    {{file = "local-2.0-py3-none-any.whl", hash = "{digest("g")}"}},
]
"""


def test_lock_version_1_1_assigns_files_to_versions() -> None:
    """The layer would contain the file of another locked version of the same package."""
    lock = parse_lockfile(OLD)

    assert not lock.has_groups_and_markers
    assert [[file.hash for file in package.files] for package in lock.packages] == [
        [digest("a"), digest("b")],
        [digest("c"), digest("d")],
        [],
        [digest("f")],
    ]


def test_lock_version_2_0_lists_files_in_each_package() -> None:
    """Lock files of Poetry 1.5 to 1.8 could not be used."""
    files = f'[{{file = "a-1.tar.gz", hash = "{digest("h")}"}}]'
    text = HEAD.replace('groups = ["main"]\n', "").replace("[]", files)

    lock = parse_lockfile(text + METADATA.replace("2.1", "2.0"))

    assert [package.files for package in lock.packages] == [(LockedFile("a-1.tar.gz", digest("h")),)]
    assert not lock.has_groups_and_markers


LOCK_VERSION_1_0 = f"""\
[[package]]
category = "main"
description = ""
marker = "python_version < '3'"
name = "a"
optional = false
python-versions = "*"
version = "1.0"

[package.dependencies]
b = ">=1"

[[package]]
category = "main"
description = ""
name = "b"
optional = false
python-versions = "*"
version = "1.0"

[package.source]
reference = "{COMMIT}"
type = "git"
url = "https://git.invalid/b.git"

[metadata]
content-hash = "x"
lock-version = "1.0"
python-versions = "*"

[metadata.files]
a = [
    {{file = "a-1.0.tar.gz", hash = "{digest("a")}"}},
]
b = []
"""


def test_lock_version_1_0_is_read() -> None:
    """A lock file that Poetry installs from would be refused, or a git dependency would have no commit."""
    lock = parse_lockfile(LOCK_VERSION_1_0)

    a, b = lock.packages
    assert not lock.has_groups_and_markers
    assert a.files == (LockedFile("a-1.0.tar.gz", digest("a")),)
    assert [dependency.constraint for dependency in a.dependencies] == [">=1"]
    assert b.source == LockedSource(
        type="git", url="https://git.invalid/b.git", reference=COMMIT, resolved_reference=COMMIT
    )


@pytest.mark.parametrize(
    ("lock_version", "has_groups", "is_newer"),
    [("1.0", False, False), ("1.2", False, False), ("2.0", False, False), ("2.1", True, False), ("2.9", True, True)],
)
def test_lock_versions_from_1_to_2_are_read_as_in_poetry(lock_version: str, has_groups: bool, is_newer: bool) -> None:
    """A lock file of the next Poetry release would be refused, or read without a word."""
    lock = parse_lockfile(HEAD + METADATA.replace("2.1", lock_version))

    assert lock.has_groups_and_markers is has_groups
    assert any("is newer than 2.1" in warning for warning in lock.warnings) is is_newer


def test_git_dependency_needs_no_list_of_files() -> None:
    """A lock file that Poetry installs from would be refused as damaged."""
    source = {"type": "git", "url": "https://git.invalid/a.git", "reference": "main", "resolved_reference": COMMIT}
    (package,) = parse_lockfile(one_package(source=source, without="files")).packages

    assert package.files == ()


@pytest.mark.parametrize(("extras", "names"), [('["c"]', {"c"}), ('"c"', {"c"}), ('"cd"', {"c", "d"})])
def test_text_as_extras_of_a_locked_dependency_is_a_list_of_letters(extras: str, names: set[str]) -> None:
    """A lock file that Poetry installs from would be refused, or select other extras."""
    text = f"{HEAD}dependencies = {{b = {{version = '*', extras = {extras}}}}}\n{METADATA}"

    (dependency,) = parse_lockfile(text).packages[0].dependencies

    assert dependency.extras == names


def one_package(*, without: str = "", **values: Any) -> str:
    """A lock file with one package that has these values, and not the key ``without``."""
    table = {key: value for key, value in {**Package(name="a").table(), **values}.items() if key != without}
    return tomli_w.dumps({"package": [table], "metadata": {"lock-version": "2.1", "content-hash": "x"}})


@pytest.mark.parametrize(
    "hash_",
    [
        "/home/me/x",
        "sha256:x/../../y",
        "sha256:" + "0" * 63,
        "sha256:" + "0" * 65,
        "sha256:" + "0" * 64 + "\n",
        "sha512:" + "0" * 64,
        "shake_128:" + "0" * 64,
        "SHA256:" + "0" * 64,
        "0" * 64,
        "",
    ],
)
def test_text_that_is_not_a_hash_is_refused(hash_: str) -> None:
    """A poetry.lock could delete or overwrite any file of its user: the hash was a file name in the cache."""
    with pytest.raises(LockFileError, match="is not a hash") as caught:
        parse_lockfile(one_package(files=[{"file": "a-1.0.tar.gz", "hash": hash_}]))

    assert caught.value.where == "poetry.lock: package[0] (a).files[0].hash"


@pytest.mark.parametrize("algorithm", sorted(set(hashlib.algorithms_guaranteed) - {"shake_128", "shake_256"}))
def test_hash_of_every_algorithm_with_fixed_length_is_accepted(algorithm: str) -> None:
    """A lock file from an index that lists other hashes than SHA-256 could not be used."""
    hash_ = f"{algorithm}:{hashlib.new(algorithm, b'').hexdigest()}"

    (package,) = parse_lockfile(one_package(files=[{"file": "a-1.0.tar.gz", "hash": hash_}])).packages

    assert [file.hash for file in package.files] == [hash_]


@pytest.mark.parametrize(
    "name",
    ["../a.whl", "/a.whl", "a/b.whl", "a\\b.whl", "C:a.whl", "..", ".", "", " ", "-a.whl", "a\n.whl", "a\x1b[2J.whl",
     "a\u202egpj.whl", "a\x9b.whl", "a" * 252 + ".whl", "ä" * 126 + ".whl"],
)  # fmt: skip
def test_text_that_is_not_a_file_name_is_refused(name: str) -> None:
    """A file name from poetry.lock could lead out of a folder, or change what a CI log shows."""
    with pytest.raises(LockFileError) as caught:
        parse_lockfile(one_package(files=[{"file": name, "hash": digest("a")}]))

    assert caught.value.where == "poetry.lock: package[0] (a).files[0].file"
    assert str(caught.value).isprintable() or "\n  hint" in str(caught.value)


def test_unusual_file_names_are_accepted() -> None:
    """A lock file that Poetry can install from would be refused."""
    names = ["My.Pkg-1!2.0+cu118-cp312-cp312-linux_x86_64.whl", "größe-1.0.tar.gz", "a b-1.0.zip", "_a-1.0.tar.gz"]

    (package,) = parse_lockfile(one_package(files=[{"file": n, "hash": digest(n)} for n in names])).packages

    assert [file.name for file in package.files] == names


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"name": "../a"}, "name"),
        ({"name": "-a"}, "name"),
        ({"name": "a\x1b[2J"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "\u212aelvin"}, "name"),
        ({"version": "1.0\n"}, "version"),
        ({"version": " 1.0"}, "version"),
        ({"groups": ["main", "a,b"]}, "groups[1]"),
        ({"groups": ["a b"]}, "groups[0]"),
        ({"source": {"type": "svn", "url": "https://a.invalid"}}, "source.type"),
    ],
)
def test_name_version_group_or_source_type_that_poetry_does_not_write_is_refused(
    values: dict[str, Any], key: str
) -> None:
    """A text from poetry.lock could become a path, an option of Poetry, or a line in a CI log."""
    with pytest.raises(LockFileError) as caught:
        parse_lockfile(one_package(**values))

    package = "package[0]" if key == "name" else "package[0] (a)"
    assert caught.value.where == f"poetry.lock: {package}.{key}"


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ({"type": "git", "url": "--upload-pack=touch x"}, "url"),
        ({"type": "git", "url": "ext::sh -c touch% x"}, "url"),
        ({"type": "git", "url": "ext::https://a.invalid"}, "url"),
        ({"type": "git", "url": "foo://a.invalid/x"}, "url"),
        ({"type": "git", "url": "ssh://-oProxyCommand=x/a"}, "url"),
        ({"type": "git", "url": "me@-oProxyCommand=x:a"}, "url"),
        ({"type": "git", "url": "https://a.invalid/\n"}, "url"),
        ({"type": "git", "url": ""}, "url"),
        ({"type": "git", "url": "https://[a/"}, "url"),
        ({"type": "url", "url": "file:///etc/passwd"}, "url"),
        ({"type": "url", "url": "a.zip"}, "url"),
        ({"type": "legacy", "url": "ftp://a.invalid/simple"}, "url"),
        ({"type": "directory", "url": "-a"}, "url"),
        ({"type": "directory", "url": "a\x07"}, "url"),
        ({"type": "git", "url": "https://a.invalid", "resolved_reference": "--orphan=x"}, "resolved_reference"),
        ({"type": "git", "url": "https://a.invalid", "resolved_reference": "main"}, "resolved_reference"),
        ({"type": "git", "url": "https://a.invalid", "resolved_reference": "a" * 41}, "resolved_reference"),
        ({"type": "git", "url": "https://a.invalid", "reference": "--x"}, "reference"),
        ({"type": "git", "url": "https://a.invalid", "subdirectory": "../x"}, "subdirectory"),
        ({"type": "git", "url": "https://a.invalid", "subdirectory": "a/../../x"}, "subdirectory"),
        ({"type": "git", "url": "https://a.invalid", "subdirectory": "/etc"}, "subdirectory"),
    ],
)
def test_source_that_a_program_would_take_for_something_else_is_refused(source: dict[str, str], key: str) -> None:
    """A poetry.lock could give options to git, or have git run a program."""
    with pytest.raises(LockFileError) as caught:
        parse_lockfile(one_package(source=source))

    assert caught.value.where == f"poetry.lock: package[0] (a).source.{key}"


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("git", "https://git.invalid/a.git"),
        ("git", "ssh://git@git.invalid:22/a.git"),
        ("git", "git@git.invalid:group/a.git"),
        ("git", "file:///srv/a.git"),
        ("git", "../a b"),
        ("git", "C:\\repositories\\a"),
        ("url", "https://files.invalid/a b-1.0.zip?x=1"),
        ("legacy", "http://me:pw@index.invalid/@scope/simple"),
        ("directory", "../größe/a b"),
        ("file", "C:/wheels/a-1.0-py3-none-any.whl"),
    ],
)
def test_usual_sources_are_accepted(kind: str, url: str) -> None:
    """A lock file that Poetry can install from would be refused."""
    (package,) = parse_lockfile(one_package(source={"type": kind, "url": url})).packages

    assert package.source == LockedSource(type=kind, url=url)


def test_login_in_a_refused_address_is_masked() -> None:
    """A password would be in the log, because the address around it is not valid."""
    with pytest.raises(LockFileError) as caught:
        parse_lockfile(one_package(source={"type": "legacy", "url": "ftp://me:pa ss/wo@rd@a.invalid"}))

    assert "ftp://****@a.invalid" in str(caught.value)
    assert not any(part in str(caught.value) for part in ("pa ss", "wo@", "rd@"))


FROM_AN_ADDRESS = """\
[[package]]
name = "a"
version = "1.0"
[package.source]
type = "url"
url = "https://files.invalid/a-1.0%2Bcpu-py3-none-any.whl?download#sha256=0"

[metadata]
lock-version = "1.1"
content-hash = "x"

[metadata.files]
"""


def test_lock_version_1_1_lists_the_file_of_a_package_from_an_address() -> None:
    """A package from an address would have no file, and the lock file would be refused."""
    digests = [f"sha256:{digit * 64}" for digit in "abc"]
    names = ("a-1.0-py3-none-any.whl", "a-1.0+cpu-py3-none-any.whl", "a-1.0.tar.gz")
    files = ", ".join(f'{{file = "{name}", hash = "{digest}"}}' for name, digest in zip(names, digests, strict=True))

    (package,) = parse_lockfile(f"{FROM_AN_ADDRESS}a = [{files}]\n").packages

    assert package.files == (LockedFile("a-1.0+cpu-py3-none-any.whl", digests[1]),)


@pytest.mark.parametrize("files", ["", "a = []\n"])
def test_lock_version_1_1_may_list_no_file_of_a_package_from_an_address(files: str) -> None:
    """A lock file would be refused as damaged, although only the hash is missing."""
    (package,) = parse_lockfile(FROM_AN_ADDRESS + files).packages

    assert package.files == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b", ("b", frozenset(), "*", "")),
        ("b (>=1,<2)", ("b", frozenset(), ">=1,<2", "")),
        ("b>=1", ("b", frozenset(), ">=1", "")),
        ("B_c[X,y] (>=1) ; python_version < '3'", ("b-c", frozenset({"x", "y"}), ">=1", "python_version < '3'")),
        ("b ; os_name == 'nt'", ("b", frozenset(), "*", "os_name == 'nt'")),
        ("b @ https://files.invalid/b.zip ; os_name == 'nt'", ("b", frozenset(), "*", "os_name == 'nt'")),
    ],
)
def test_members_of_extras_are_read(text: str, expected: tuple[str, frozenset[str], str, str]) -> None:
    """An extra of a path dependency would bring another version, or one for another platform."""
    table = Package(name="a", extras={"x": [text, "c[] (<1 || >2)"]})

    (member,) = parse_lockfile(lock_text(PROJECT, [table])).packages[0].extras["x"]

    assert (member.name, member.extras, member.constraint, member.marker) == expected


@pytest.mark.parametrize(
    "line",
    [
        "a = " + "[" * 5000 + "]" * 5000,
        "a = " + "{a = " * 3000 + "1" + "}" * 3000,
        "a." * 5000 + "b = 1",
        "a = " + "9" * 5000,
    ],
    ids=["arrays", "tables", "key", "number"],
)
def test_toml_that_python_cannot_read_is_refused(line: str) -> None:
    """A lock file could end a preview with a traceback."""
    with pytest.raises(LockFileError, match=r"poetry\.lock: not valid TOML"):
        parse_lockfile(f"{line}\n{METADATA}")


def test_very_long_number_in_a_version_is_refused() -> None:
    """Python cannot convert numbers of more than 4,300 digits."""
    text = lock_text(PROJECT, [Package(name="app")]).replace('version = "1.0"', 'version = "' + "9" * 5000 + '"')

    with pytest.raises(LockFileError, match="is not a valid version"):
        parse_lockfile(text)
