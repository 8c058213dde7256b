"""The choice of the folder for a zip."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pytest

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.publish import build_folder
from pulumi_poetry_layer.publish.build_folder import place_zip
from pulumi_poetry_layer.publish.seams import IN_PYTHON_PROGRAM

FINGERPRINT = "0123456789abcdef"


@pytest.fixture(autouse=True)
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a program in which a deployment runs, and a cache folder that is a file."""
    folder = tmp_path / "program"
    folder.mkdir()
    (tmp_path / "cache").touch()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(build_folder, "is_mocked", lambda: False)
    monkeypatch.setattr(pulumi, "get_stack", lambda: "dev")
    monkeypatch.setattr(pulumi, "get_project", lambda: "shop")
    return folder


def test_placeholder_is_beside_the_program_by_default(program: Path) -> None:
    """Otherwise the AWS plugin does not find a file, and every preview fails."""
    place = place_zip("deps", FINGERPRINT, None, IN_PYTHON_PROGRAM)
    assert place.path == ".poetry-layer/dev/deps-0123456789ab.zip"
    assert place.file == program / place.path
    assert place.file.read_bytes() == b""


def test_folder_that_the_user_has_named_is_not_replaced_by_the_cache(program: Path, tmp_path: Path) -> None:
    """Otherwise a mistake in `build_dir` is not noticed, and the zips are in an unexpected folder."""
    assert (
        place_zip("deps", FINGERPRINT, "../zips", IN_PYTHON_PROGRAM).file
        == program / "../zips/shop/dev/deps-0123456789ab.zip"
    )
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"no folder for the zip is writable \(\.\./file/shop: ") as caught:
        place_zip("deps", FINGERPRINT, "../file", IN_PYTHON_PROGRAM)
    assert "poetry-layer:buildDir" in str(caught.value)


def test_error_lists_all_folders_that_are_not_writable(program: Path, tmp_path: Path) -> None:
    """Otherwise a user cannot find out which folder must be writable."""
    (program / ".poetry-layer").touch()
    with pytest.raises(InputError, match=r"\.poetry-layer: .*; .*zips/shop: "):
        place_zip("deps", FINGERPRINT, None, IN_PYTHON_PROGRAM)
