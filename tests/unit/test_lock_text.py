"""The fast way into a lock file gives what a TOML parser gives."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest
import tomli

from pulumi_poetry_layer.errors import LockFileError
from pulumi_poetry_layer.lock_text import ExtrasBlock, FileBlock, load_lock
from pulumi_poetry_layer.lockfile import parse_lockfile

TESTS = Path(__file__).resolve().parents[1]
LOCK_FILES = sorted([*TESTS.glob("*/*/poetry.lock"), *TESTS.glob("*/*/*/poetry.lock")])
BLOCK = 'files = [\n    {file = "a-1.tar.gz", hash = "sha256:0"},\n    {file = "a-1.whl", hash = "sha256:1"},\n]'
EXTRAS = '[package.extras]\nbrotli = ["brotli (>=1) ; python_version < \\"3.9\\"", "b"]\n"a.b" = []\n'
PACKAGE = f'[[package]]\nname = "a"\nversion = "1"\n{BLOCK}\n'


def plain(value: Any) -> Any:
    """The tables as a TOML parser gives them."""
    if isinstance(value, FileBlock):
        return [{"file": file.name, "hash": file.hash} for file in value]
    if isinstance(value, (dict, ExtrasBlock)):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", LOCK_FILES, ids=lambda path: path.parent.name)
def test_lock_files_of_poetry_are_read_as_toml(path: Path) -> None:
    """A layer would be planned from something else than what is in the lock file."""
    text = path.read_text(encoding="utf-8")

    assert plain(load_lock(text)) == tomli.loads(text)


def test_lock_files_of_a_real_history_are_read_as_toml() -> None:
    """The same, with what years and several releases of Poetry brought about."""
    with tarfile.open(TESTS / "data" / "lock_history" / "powertools.tar.xz") as archive:
        for number in range(0, 400, 80):
            file = archive.extractfile(f"./{number:04}.lock")
            assert file is not None
            text = file.read().decode()
            assert plain(load_lock(text)) == tomli.loads(text)


def test_blocks_of_files_are_read_ahead() -> None:
    """Every preview of a large project would take longer; nobody would see that the fast way is not taken."""
    (package,) = load_lock(PACKAGE)["package"]
    assert isinstance(package["files"], FileBlock)


@pytest.mark.parametrize("end", ["", "\n", '\n[[package]]\nname = "b"\n'])
def test_tables_of_extras_are_put_aside(end: str) -> None:
    """The same; and a layer of a package with extras would miss what they add."""
    text = f"{PACKAGE}\n{EXTRAS}{end}"
    package = load_lock(text)["package"][0]

    assert isinstance(package["extras"], ExtrasBlock)
    assert dict(package["extras"]) == {"brotli": ['brotli (>=1) ; python_version < "3.9"', "b"], "a.b": []}
    assert plain(load_lock(text)) == tomli.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f'x = """\n{BLOCK}\n"""\n{PACKAGE}',
        f"x = '''\n{BLOCK}\n'''\n{PACKAGE}",
        f"{BLOCK}\n{PACKAGE}",
        f"{PACKAGE}[metadata]\n{BLOCK}\n",
        f"{PACKAGE}[package.dependencies]\n{BLOCK}\n",
        PACKAGE.replace("a-1.whl", '\\"a-1.whl'),
        PACKAGE.replace("a-1.whl", "a\\u00e9.whl"),
        PACKAGE.replace('"a-1.whl"', "'a-1.whl'"),
        PACKAGE.replace("{file", "{ file"),
        PACKAGE.replace("\n", "\r\n"),
        f"{PACKAGE}# {BLOCK.splitlines()[0]}\n",
        f'{PACKAGE}[[package]]\nname = "b"\nfiles = 0\n',
        f'{PACKAGE}[[package]]\nname = "b"\nfiles = []\n',
        f'package = 1\nx = "{BLOCK.splitlines()[0]}"\n',
        f"[package]\n{BLOCK}\n",
        f"[package]\n{EXTRAS}",
        f"{PACKAGE}{EXTRAS}[package.source]\ntype = 'legacy'\n",
        f"{PACKAGE}{EXTRAS}put-aside = 4611686018427387904\n",
        f"{PACKAGE}{EXTRAS}more = [1, 2]\n",
        f"{PACKAGE}{EXTRAS}more.less = []\n",
        f"{PACKAGE}[package.extras]\nput-aside = 4611686018427387904\n",
        f'{PACKAGE}[package.extras]\nput-aside = ["x"]\n',
        f"{PACKAGE}[package.extras]\n",
        f"{PACKAGE}[other]\nx = 1\n{EXTRAS}",
    ],
)
def test_other_texts_are_read_as_toml(text: str) -> None:
    """A lock file that a tool or a person edited would be read as something else, or not at all."""
    assert plain(load_lock(text)) == tomli.loads(text)


@pytest.mark.parametrize(
    "end",
    [
        "[",
        f'{EXTRAS}brotli = ["x"]\n',
        f"{EXTRAS}\n{EXTRAS}",
        f"{BLOCK}\n",
        "x = \n",
        'files = [\n    {file = "a", hash = "b"},\n',
    ],
)
def test_errors_tell_the_place_in_the_whole_text(end: str) -> None:
    """A user would look for the fault in another line."""
    with pytest.raises(tomli.TOMLDecodeError) as expected:
        tomli.loads(PACKAGE + end)
    with pytest.raises(LockFileError) as told:
        parse_lockfile(PACKAGE + end)

    assert str(expected.value) in str(told.value)
