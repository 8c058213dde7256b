"""The options about the size of a layer."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import PROJECTS

from pulumi_poetry_layer.cli.program import main

BASE = ["--project-dir", str(PROJECTS / "base"), "--runtime", "python3.12"]


def test_kinds_of_files_to_leave_out_change_the_fingerprint(capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise the option has no effect, or its order decides what is published."""
    fingerprints = []
    for options in ([], ["--strip", "tests", "--strip", "stubs"], ["--strip", "stubs", "--strip", "tests"]):
        assert main(["plan", *BASE, *options]) == 0
        fingerprints.append(capsys.readouterr().out.split()[-1])
    assert fingerprints[0] != fingerprints[1] == fingerprints[2]


def test_unknown_kind_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a typo gives a larger layer without a word."""
    assert main(["plan", *BASE, "--strip", "test"]) == 2
    message = capsys.readouterr().err
    assert "--strip: unknown kind 'test'" in message
    assert "did you mean 'tests'? known kinds: sources, stubs, tests" in message


def test_kinds_can_be_a_default_of_the_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise each program must repeat them."""
    for name in ("pyproject.toml", "poetry.lock"):
        (tmp_path / name).write_text((PROJECTS / "base" / name).read_text())
    with (tmp_path / "pyproject.toml").open("a") as file:
        file.write('\n[tool.poetry-layer]\nruntime = "python3.12"\nstrip = ["tests"]\n')
    assert main(["plan", "--project-dir", str(tmp_path)]) == 0
    by_project = capsys.readouterr().out.split()[-1]
    assert main(["plan", *BASE, "--strip", "tests"]) == 0
    assert capsys.readouterr().out.split()[-1] == by_project
