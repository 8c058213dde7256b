"""Tests that a lock file is stale after an edit of pyproject.toml if and only if Poetry says so."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pulumi_poetry_layer.poetry.lockfile import parse_lockfile
from pulumi_poetry_layer.poetry.pyproject import parse_project

from .conftest import Oracle, find_poetry
from .test_locked_projects import FOLDERS

APPENDED = {
    "nothing": "",
    "a comment": "\n# a comment\n",
    "settings of another tool": "\n[tool.ruff]\nline-length = 100\n",
    "scripts": '\n[tool.poetry.scripts]\nrun = "a:b"\n',
    "a source": '\n[[tool.poetry.source]]\nname = "private"\nurl = "https://index.invalid/simple/"\n',
    "a group": '\n[tool.poetry.group.added.dependencies]\nidna = "*"\n',
    "an empty optional group": "\n[tool.poetry.group.added]\noptional = true\n",
    "old dev-dependencies": '\n[tool.poetry.dev-dependencies]\nidna = "*"\n',
    "empty dev-dependencies": "\n[tool.poetry.dev-dependencies]\n",
}
REPLACED = {
    "the python constraint": (">=3.9", ">=3.10"),
    "a space in a constraint": (">=3.9", " >=3.9"),
    "the version": ('version = "1.0"', 'version = "1.1"'),
    "package-mode": ("package-mode = false", "package-mode = true"),
    "no version": ('version = "1.0"\n', ""),
}
EDITS = [*APPENDED, *REPLACED]


def edited(project: str, edit: str) -> str:
    """The project with an edit. Unchanged if it does not contain the text to replace."""
    if edit in APPENDED:
        return project + APPENDED[edit]
    return project.replace(*REPLACED[edit], 1)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_lock_file_is_stale_after_an_edit_if_poetrys_locker_says_so(oracle: Oracle, folder: Path) -> None:
    """A layer would be built from a lock file that Poetry refuses, or a valid lock file would be refused."""
    project = (folder / "pyproject.toml").read_text(encoding="utf-8")
    lock = (folder / "poetry.lock").read_text(encoding="utf-8")
    texts = {edit: edited(project, edit) for edit in EDITS}
    theirs = {edit: oracle.ask(pyproject=text, lock=lock, runs=[])["fresh"] for edit, text in texts.items()}

    assert {edit: parse_project(text).matches(parse_lockfile(lock)) for edit, text in texts.items()} == theirs
    assert theirs["nothing"]
    assert not theirs["a group"]


@pytest.mark.parametrize("edit", ["nothing", "a comment", "a group", "scripts", "the python constraint"])
def test_lock_file_is_stale_after_an_edit_if_poetry_check_says_so(oracle: Oracle, tmp_path: Path, edit: str) -> None:
    """This package would ask for `poetry lock` where `poetry check` reports no problem, or the reverse."""
    poetry = find_poetry()
    assert poetry is not None
    (folder,) = (folder for folder in FOLDERS if folder.name == "groups_and_markers")
    project = edited((folder / "pyproject.toml").read_text(encoding="utf-8"), edit)
    lock = (folder / "poetry.lock").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    (tmp_path / "poetry.lock").write_text(lock, encoding="utf-8")
    variables = {"HOME": str(tmp_path), "PATH": os.defpath, "POETRY_CONFIG_DIR": str(tmp_path / "config")}
    command = [str(poetry), "check", "--lock", "--no-ansi"]
    ended = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)

    is_stale = "changed significantly" in ended.stdout + ended.stderr
    assert parse_project(project).matches(parse_lockfile(lock)) is not is_stale
    assert is_stale is (edit in {"a group", "the python constraint"})
