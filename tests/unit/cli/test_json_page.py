"""docs/reference/json.md lists the keys of all documents that the command line prints, and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samples import PROJECT, Package, lock_text
from samples.elf import elf
from samples.index import Index, serve
from samples.layers import installed, write_zip
from samples.wheels import WheelSample

from pulumi_poetry_layer.builders.container import docker_cache
from pulumi_poetry_layer.builders.container.docker_cache import DockerCacheEntry
from pulumi_poetry_layer.cli import main
from pulumi_poetry_layer.cli.commands import invoke as invoke_command
from pulumi_poetry_layer.emulator.answers import Answer, FunctionError

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "json.md").read_text("utf-8")
APP = WheelSample(name="app", version="1.0", files={"app.py": b"a = 1"})
LIB = WheelSample(name="lib", version="1.5", files={"lib.py": b"a = 1"})
NAMES_AS_KEYS = {"expected_size.packages"}
SAME_AS_BEFORE = {"packages[].requires[]", "paths[][]"}
"""Lists whose entries the page describes once, as ``requires`` of ``plan --tree``."""

_OF_FILES = ("hash", "source.reference", "source.resolved_reference", "source.subdirectory", "source.url")
OPTIONAL = {
    "plan": {f"packages[].{key}" for key in _OF_FILES},
    "build": {"bytecode"},
    "inspect": {"bytecode[]"},
}
"""Keys that the documents below do not have."""


def keys(value: Any, place: str = "") -> Iterator[str]:
    """The keys of a document, as the page writes them."""
    if isinstance(value, dict) and place not in NAMES_AS_KEYS:
        for key, part in value.items():
            yield from keys(part, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list) and (place := f"{place}[]") not in SAME_AS_BEFORE:
        for part in value or [None]:
            yield from keys(part, place)
    else:
        yield place


def listed(title: str) -> set[str]:
    """The keys in the table below a heading."""
    (text,) = re.findall(rf"^#+ {re.escape(title)}\n((?:(?!#).*\n?)*)", PAGE, re.MULTILINE)
    rows = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return {key for row in rows for key in re.findall(r"`([^`]+)`", row)}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The options for a project whose packages are on an index here."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    packages = [
        Package(
            name=wheel.name,
            version=wheel.version,
            dependencies={"lib": ">=1"} if wheel is APP else {},
            other_keys={"files": [{"file": wheel.file_name, "hash": wheel.hash}]},
        )
        for wheel in (APP, LIB)
    ]
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "poetry.lock").write_text(lock_text(PROJECT, packages))
    packages[1] = Package(name="lib", version="1.4")
    (tmp_path / "poetry.lock").write_text(
        lock_text(PROJECT, [*packages, Package(name="old"), Package(name="tool", groups=["dev"])])
    )
    with serve(Index(files={wheel.file_name: wheel.data() for wheel in (APP, LIB)})) as index:
        monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", index.url)
        yield ["-C", str(folder), "--runtime", "python3.12"]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    """The document that a command prints."""
    capsys.readouterr()
    assert main([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def check(title: str, document: Any, *, more: str | None = None) -> None:
    """Fail if the page has other keys than a document; ``more`` is the section of keys that it has in addition."""
    found, known = set(keys(document)), listed(title) | (listed(more) if more else set())
    optional = OPTIONAL.get(title, set()) | OPTIONAL.get(more or "", set())
    assert found - known == set(), f"add to the section {title!r} of docs/reference/json.md"
    assert known - found - optional == set(), f"remove from the section {title!r} of docs/reference/json.md"


def test_keys_of_plans(project: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script is written after the page."""
    check("plan", printed(capsys, "plan", *project, "--exclude", "lib"))
    check("With --size", printed(capsys, "plan", *project, "--exclude", "lib", "--size"), more="plan")
    check("With --tree", printed(capsys, "plan", *project, "--tree"))
    check("With --compare", printed(capsys, "plan", *project, "--compare", str(tmp_path / "poetry.lock")))
    check("why", printed(capsys, "why", "lib", *project) | {"only_needed_by_it": [{"name": "x", "version": "1"}]})


def test_keys_of_a_build(project: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script is written after the page."""
    check("build", printed(capsys, "build", *project, "-o", str(tmp_path / "layer.zip")))


def test_keys_of_zips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script is written after the page."""
    native = {"demo/a.cpython-312-x86_64-linux-gnu.so": elf("aarch64"), "demo/tests/a.txt": b"1"}
    new = str(write_zip(tmp_path / "new.zip", installed("demo", native), {"python/loose.txt": b"22"}))
    old = str(write_zip(tmp_path / "old.zip", installed("demo", {"demo.py": b"1"})))
    check("inspect", printed(capsys, "inspect", new))
    check("With two zips", printed(capsys, "inspect", old, new) | {"packages": [changed(capsys, old, new)]})
    check("verify", printed(capsys, "verify", new, "--runtime", "python3.12", code=1) | {"imported": ["demo"]})


def changed(capsys: pytest.CaptureFixture[str], old: str, new: str) -> Any:
    """The entry of a package that both zips have."""
    packages = printed(capsys, "inspect", old, new)["packages"]
    return next(package for package in packages if package["old"] and package["new"])


def test_keys_of_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A script is written after the page."""
    failed = Answer(value=None, error=FunctionError(type="KeyError", message="'id'", stack=("line",)))
    monkeypatch.setattr(invoke_command, "find_interpreter", lambda _: None)
    monkeypatch.setattr(invoke_command, "invoke_function", lambda *_, **__: failed)
    layer = str(write_zip(tmp_path / "layer.zip", installed("demo", {"demo.py": b""})))
    command = ["invoke", layer, "--runtime", "python3.12", "--handler", "app.handler", "--task", str(tmp_path)]
    check("invoke", printed(capsys, *command, code=1))


def test_keys_of_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A script is written after the page."""
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(docker_cache, "docker_cache", lambda: [DockerCacheEntry(kind="image", name="x", size=1)])
    monkeypatch.setattr(docker_cache, "clear_docker_cache", lambda: 1)
    check("cache size and cache dir", printed(capsys, "cache", "size"))
    check("cache size and cache dir", printed(capsys, "cache", "dir"))
    check("cache clear", printed(capsys, "cache", "clear"))
    check("cache size --docker", printed(capsys, "cache", "size", "--docker"))
    check("cache clear --docker", printed(capsys, "cache", "clear", "--docker"))
