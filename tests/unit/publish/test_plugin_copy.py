"""The copies of archives that the AWS plugin uploads."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pulumi_poetry_layer.errors import PublishError
from pulumi_poetry_layer.publish import plugin_copy
from pulumi_poetry_layer.publish.plugin_copy import copy_of, refuse_lost_hash, remove_different_copy

FINGERPRINT = "0123456789abcdef"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of the copy, in a temporary folder of its own; there is no copy yet."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    for variable in ("TMPDIR", "TMP", "TEMP"):
        monkeypatch.setenv(variable, str(folder))
    return folder / f"pulumi-asset-{FINGERPRINT}"


@pytest.mark.skipif(sys.platform == "win32", reason="the variables of POSIX")
def test_folder_is_the_one_that_go_programs_use(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a wrong copy is looked for in another folder than the one that the plugin uses."""
    monkeypatch.setenv("TEMP", "/elsewhere")
    assert copy_of(FINGERPRINT) == copy
    monkeypatch.delenv("TMPDIR")
    assert copy_of(FINGERPRINT) == Path("/tmp") / copy.name  # noqa: S108


@pytest.mark.parametrize(("content", "stays"), [(b"zip", True), (b"", True), (b"other", False)])
def test_copy_with_another_content_is_removed(copy: Path, content: bytes, stays: bool) -> None:
    """Otherwise the plugin uploads a copy that was truncated, or written by another program."""
    zip_file = copy.with_name("deps.zip")
    zip_file.write_bytes(b"zip")
    copy.write_bytes(content)
    remove_different_copy(FINGERPRINT, zip_file)
    assert copy.exists() is stays


@pytest.mark.parametrize(
    ("transforms", "copied", "refused"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_zip_is_refused_if_the_plugin_has_no_copy_under_its_hash(
    copy: Path, monkeypatch: pytest.MonkeyPatch, transforms: bool, copied: bool, refused: bool
) -> None:
    """Otherwise the zip of another layer is published, or a program without transforms cannot be deployed."""
    found = SimpleNamespace(may_remove_hashes=lambda: transforms)
    monkeypatch.setattr(plugin_copy, "ProgramTransforms", lambda: found)
    if copied:
        copy.touch()
    if not refused:
        refuse_lost_hash(FINGERPRINT, Path("deps.zip"))
        return
    with pytest.raises(PublishError, match=r"deps\.zip: the AWS plugin did not get the hash"):
        refuse_lost_hash(FINGERPRINT, Path("deps.zip"))
