"""The arrows of the house (docs/architecture.md), read from the imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import pulumi_poetry_layer

ROOT = Path(pulumi_poetry_layer.__file__).parent
MODULES = {path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."): path for path in ROOT.rglob("*.py")}

PURE = [
    "absence", "artifacts", "build_plan", "candidates", "changes", "constraints", "dependencies",
    "errors", "explanation", "graph", "index_errors", "locked", "lockfile", "markers", "masking", "names",
    "plan", "poetry_variables", "project", "resolution", "selection", "solver", "sources", "tables", "target",
]  # fmt: skip
"""Everything up to the waist."""

IO = {
    "aiohttp", "asyncio", "ctypes", "datetime", "ftplib", "getpass", "glob", "http", "httpx", "importlib", "io",
    "locale", "logging", "multiprocessing", "os", "pathlib", "platform", "platformdirs", "random", "requests",
    "shutil", "site", "socket", "ssl", "subprocess", "sys", "sysconfig", "tempfile", "threading", "time", "urllib",
    "urllib3", "uuid", "zipfile",
}  # fmt: skip
"""Modules that touch files, network, clock, chance or the host."""

WITH_PULUMI = {
    "arguments",
    "provider",
    "component",
    "drift",
    "kept_hash",
    "matrix",
    "publication",
    "sdk_internals",
}
WITH_DOCKER = {f"builders.{name}" for name in ("container", "build_container", "build_image", "docker_daemon")}
ONLY_DOORS = {
    "subprocess": {"process"},
    "requests": {"certificates_adapter", "index"},
    "urllib": {"index"},
    "http": {"index"},
    "httpx": {"index"},
    "socket": {"index"},
    "docker": WITH_DOCKER,
    "pulumi": WITH_PULUMI,
    "pulumi_aws": WITH_PULUMI,
    "resolvelib": {"solver"},
}
"""A module of others → the only modules of ours that import it."""

TEXT_OF_ADDRESSES = {
    "urllib.parse",
    *(f"urllib.parse.{name}" for name in ("SplitResult", "quote", "unquote", "urljoin", "urlsplit")),
}
"""Takes addresses apart and touches nothing."""

ERRORS_OF_LIBRARIES = {"requests.exceptions", "requests.exceptions.RequestException"}
"""What the docker client raises is caught by its name; nothing is sent with it."""

HARMLESS = TEXT_OF_ADDRESSES | ERRORS_OF_LIBRARIES

MOST_LINES = 400


def imports(path: Path, *, typing_too: bool = False) -> set[str]:
    """Names of the modules a module imports, also inside of functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = set() if typing_too else {id(node) for block in _typing_blocks(tree) for node in ast.walk(block)}
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are absolute here"
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def _typing_blocks(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield from node.body


def top(names: set[str]) -> set[str]:
    """The top-level packages of some modules."""
    return {name.partition(".")[0] for name in names}


def ours(names: set[str]) -> set[str]:
    """Which of our modules are among some imports."""
    prefix = "pulumi_poetry_layer."
    return {name.removeprefix(prefix) for name in names if name.removeprefix(prefix) in MODULES}


def test_the_walk_sees_imports_of_every_kind(tmp_path: Path) -> None:
    """All other tests here could pass because they see nothing."""
    source = tmp_path / "sample.py"
    source.write_text(
        "from typing import TYPE_CHECKING\nimport os.path\nif TYPE_CHECKING:\n    import socket\n"
        "def f():\n    from shutil import which\n"
    )

    assert imports(source) == {"typing", "typing.TYPE_CHECKING", "os.path", "shutil", "shutil.which"}
    assert "socket" in imports(source, typing_too=True)
    assert set(PURE) < set(MODULES)


@pytest.mark.parametrize("module", PURE)
def test_nothing_left_of_the_waist_touches_the_host(module: str) -> None:
    """The same lock file would give another plan, or none, on another machine or at another time."""
    assert top(imports(MODULES[module]) - TEXT_OF_ADDRESSES) & IO == set()


@pytest.mark.parametrize("module", PURE)
def test_nothing_left_of_the_waist_knows_what_is_right_of_it(module: str) -> None:
    """Planning would need the builders, and a change of a builder could change plans."""
    assert ours(imports(MODULES[module])) - set(PURE) == set()


@pytest.mark.parametrize("door", ONLY_DOORS)
def test_each_door_to_the_outside_is_in_one_place(door: str) -> None:
    """Secrets would be masked, credentials used and output kept in one place and not in another."""
    importing = {module for module, path in MODULES.items() if door in top(imports(path) - HARMLESS)}

    assert importing - ONLY_DOORS[door] == set()


@pytest.mark.parametrize("module", sorted(set(MODULES) - WITH_PULUMI - {"__init__"}))
def test_only_provider_and_component_know_pulumi(module: str) -> None:
    """The command line would need Pulumi, and a second to start."""
    names = imports(MODULES[module])

    assert top(names) & {"pulumi", "pulumi_aws"} == set()
    assert ours(names) & WITH_PULUMI == set()


@pytest.mark.parametrize("module", ["cli", "pipeline", "plan"])
def test_pulumi_is_not_loaded_at_run_time_either(module: str) -> None:
    """The command line would fail where Pulumi is not installed, by way of an import nobody saw."""
    code = f"import sys, pulumi_poetry_layer.{module}; print([m for m in sys.modules if m.split('.')[0] == 'pulumi'])"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == "[]"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_modules_stay_small_enough_to_be_read(module: str) -> None:
    """Whoever mends a fault would have to read everything first."""
    assert len(MODULES[module].read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def public(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.stmt]]:
    """Public functions and classes, and the public methods of these."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{prefix}{node.name}.")


@pytest.mark.parametrize("module", sorted(MODULES))
def test_everything_public_says_what_it_is(module: str) -> None:
    """A user of the library would have to read its source."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    undocumented = [
        name
        for name, node in public(tree.body, "")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not ast.get_docstring(node)
    ]

    assert ast.get_docstring(tree)
    assert undocumented == []


REPOSITORY = ROOT.parent
CHECKED = [
    path
    for folder in ("pulumi_poetry_layer", "tests", "tools", "benchmarks", "examples")
    for path in sorted((REPOSITORY / folder).rglob("*.py"))
    if ".venv" not in path.parts
]
FORBIDDEN = re.compile("|".join(("pypi[.]o[r]g", "pythonhosted[.]o[r]g", "/wor[k]/", "/[t]mp/lab", "/roo[t]/")))


@pytest.mark.parametrize("path", CHECKED, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_no_source_names_a_registry_host_or_a_place_of_this_machine(path: Path) -> None:
    """The package would work here and fail behind a company's mirror or on another machine."""
    found = FORBIDDEN.findall(path.read_text(encoding="utf-8"))

    assert found == []
