"""``plan --compare`` with an older lock file or another project folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from samples import PROJECTS

from pulumi_poetry_layer.cli import main


def run(capsys: pytest.CaptureFixture[str], project: str, old: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a comparison."""
    code = main(
        [
            "plan",
            "--project-dir",
            str(PROJECTS / project),
            "--runtime",
            "python3.12",
            "--extra",
            "yaml",
            "--compare",
            str(old),
            *arguments,
        ]
    )
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_older_lock_file_is_compared(capsys: pytest.CaptureFixture[str]) -> None:
    """A reviewer of an update could not see how it changes the layer."""
    code, out, _ = run(capsys, "package_changed", PROJECTS / "base" / "poetry.lock")

    assert code == 0
    assert out.splitlines()[:2] == ["six 1.16.0 → 1.17.0", "  six 1.16.0 → 1.17.0 (requested by group main)"]


def test_other_project_folder_is_compared(capsys: pytest.CaptureFixture[str]) -> None:
    """Two branches in two checkouts could not be compared."""
    code, out, _ = run(capsys, "dev_changed", PROJECTS / "base", "--json")
    comparison = json.loads(out)

    assert code == 0
    assert (comparison["changed"], comparison["layer"]) == (False, [])
    assert comparison["fingerprint"]["old"] == comparison["fingerprint"]["new"]
    assert {change["reason"] for change in comparison["lock"]} == {"only in group dev, which is not selected"}


def test_old_lock_file_that_is_stale_is_compared(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A lock file from before a change of pyproject.toml would be refused; that is the usual case."""
    lock = (PROJECTS / "base" / "poetry.lock").read_text()
    old = tmp_path / "old.lock"
    old.write_text(lock.replace('content-hash = "', 'content-hash = "0'))

    assert run(capsys, "base", old)[1].startswith("the layer does not change\n")


def test_group_that_the_old_project_does_not_have_counts_as_empty(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A change that adds a group or an extra could not be compared."""
    old = Path(shutil.copytree(PROJECTS / "paths", tmp_path / "paths")) / "service"
    code, out, _ = run(capsys, "base", old, "--group", "debug")

    assert code == 0
    assert "+ iniconfig 2.0.0 (requested by group debug); before: not in the lock file" in out


@pytest.mark.parametrize(
    ("old", "content", "message"),
    [
        ("missing.lock", None, "missing.lock: no such file or folder"),
        ("broken.lock", "[", "not valid TOML"),
        ("folder", None, "pyproject.toml: no such file"),
    ],
)
def test_old_project_that_cannot_be_read_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, old: str, content: str | None, message: str
) -> None:
    """A user would look for the problem in the current lock file."""
    if old == "folder":
        (tmp_path / old).mkdir()
    if content:
        (tmp_path / old).write_text(content)
    code, out, err = run(capsys, "base", tmp_path / old, "--json")

    assert (code, out) == (1, "")
    assert f"{old}: cannot be used for a comparison" in err
    assert message in err
