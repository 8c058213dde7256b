"""Tests of what the command line says about why packages are in a layer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from samples import Package, lock_text

from pulumi_poetry_layer.cli import main

PROJECT = """\
[project]
name = "service"
version = "1.0"
dependencies = ["app[fast]"]

[dependency-groups]
dev = ["tool"]
"""
PACKAGES = [
    Package(
        name="app",
        dependencies={
            "lib": {"version": ">=1", "markers": "sys_platform == 'linux'"},
            "quick": {"version": "*", "optional": True, "markers": 'extra == "fast"'},
        },
        extras={"fast": ["quick"]},
    ),
    Package(name="lib", version="1.5"),
    Package(name="quick", dependencies={"lib": "*", "tiny": "*"}),
    Package(name="tiny"),
    Package(name="tool", groups=["dev"]),
]
TARGET = ["--runtime", "python3.12"]


@pytest.fixture
def project(tmp_path: Path) -> list[str]:
    """The options for a project with these packages."""
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "poetry.lock").write_text(lock_text(PROJECT, PACKAGES))
    return ["-C", str(tmp_path), *TARGET]


def test_why_lists_each_path_with_what_holds_on_it(project: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a user follows the lock file by hand."""
    assert main(["why", "Lib", *project]) == 0
    assert capsys.readouterr().out == (
        "lib 1.5 is in the layer for python3.12 on x86_64 by 2 paths:\n"
        "group main > app[fast] 1.0 > lib 1.5 (>=1) where sys_platform == 'linux'\n"
        "group main > app[fast] 1.0 > quick 1.0 with app[fast] > lib 1.5\n"
        "without lib, the layer would lose no other package\n"
    )
    assert main(["why", "quick", *project]) == 0
    assert capsys.readouterr().out.endswith("without quick, the layer would also lose 1 package: tiny 1.0\n")


def test_keys_of_why_are_stable(project: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A script reads them."""
    assert main(["why", "quick", *project, "--json"]) == 0
    first = {"by": None, "group": "main", "by_extras": [], "name": "app", "version": "1.0", "extras": ["fast"]}
    second = {"by": "app", "group": None, "by_extras": ["fast"], "name": "quick", "version": "1.0", "extras": []}
    always = {"constraint": "*", "condition": None}
    assert json.loads(capsys.readouterr().out) == {
        "name": "quick",
        "version": "1.0",
        "absence": None,
        "paths": [[{**first, **always}, {**second, **always}]],
        "paths_are_complete": True,
        "only_needed_by_it": [{"name": "tiny", "version": "1.0"}],
    }


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("tool", [], "only in group dev, which is not selected"),
        ("lib", ["--exclude", "lib"], "excluded"),
        ("tiny", ["--exclude", "quick"], "only needed by quick"),
    ],
)
def test_why_says_why_a_package_is_not_in_the_layer(
    name: str, options: list[str], reason: str, project: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty answer would look like a mistake."""
    assert main(["why", name, *project, *options]) == 0
    assert capsys.readouterr().out == f"{name} is not in the layer for python3.12 on x86_64: {reason}\n"
    assert main(["why", name, *project, *options, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["version"], document["absence"], document["paths"]) == (None, reason, [])


def test_why_suggests_a_name_for_a_misspelled_one(project: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A user would take a typing mistake for an answer."""
    assert main(["why", "quikk", *project]) == 1
    assert "error: poetry.lock: unknown distribution 'quikk'\n  hint: did you mean 'quick'?" in capsys.readouterr().err


def test_tree_lists_the_requirements_of_each_package_once(
    project: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A tree that repeats everything has thousands of lines."""
    assert main(["plan", *project, "--tree", "--group", "main", "--group", "dev"]) == 0
    assert capsys.readouterr().out.splitlines()[:-1] == [
        "group dev: tool 1.0",
        "group main: app[fast] 1.0",
        "├── lib 1.5 (>=1) where sys_platform == 'linux'",
        "└── quick 1.0 with app[fast]",
        "    ├── lib 1.5",
        "    └── tiny 1.0",
        "5 packages for python3.12 on x86_64",
    ]


def test_keys_of_the_tree_are_stable(project: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A script reads them."""
    assert main(["plan", *project, "--tree", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"fingerprint", "target", "requires", "packages"}
    assert [(root["group"], root["name"], root["extras"]) for root in document["requires"]] == [
        ("main", "app", ["fast"])
    ]
    assert {package["name"]: [below["name"] for below in package["requires"]] for package in document["packages"]} == {
        "app": ["lib", "quick"],
        "lib": [],
        "quick": ["lib", "tiny"],
        "tiny": [],
    }


@pytest.mark.parametrize("options", [["--compare", "x", "--size"], ["--tree", "--size"], ["--compare", "x", "--tree"]])
def test_options_that_would_be_ignored_are_refused(
    options: list[str], project: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would wait for sizes that never come."""
    assert main(["plan", *project, *options]) == 2
    assert "cannot be used together" in capsys.readouterr().err
