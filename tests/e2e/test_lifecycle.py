"""Preview, up, refresh and destroy of a PoetryLayer with the real engine."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import pytest

from .harness import LocalAws, Machine, Stack
from .harness.one_layer import (
    BUILD,
    LAYER,
    PROGRAM,
    UNREACHABLE,
    NewProgram,
    build_folder,
    project_files,
    without_poetry,
)


@pytest.fixture
def dev(new_program: NewProgram) -> Stack:
    """A stack of the program with the base project, before its first ``up``."""
    return new_program({"__main__.py": PROGRAM, **project_files("base")}).stack()


@pytest.mark.parametrize("builder", ["wheels", "local"])
def test_up_publishes_the_locked_packages_and_a_second_up_changes_nothing(
    builder: str, dev: Stack, aws: LocalAws
) -> None:
    """Otherwise there is no layer, a layer with other packages, or a new version in every deployment."""
    dev.set_config("builder", builder)
    preview = dev.preview()
    assert preview.ops(BUILD) == ["create"]
    assert preview.ops(LAYER) == ["create"]
    assert aws.layer_versions("deps-dev") == []

    dev.up(skip_preview=True)

    outputs = dev.outputs()
    assert outputs["packages"] == {"idna": "3.10", "six": "1.16.0"}
    published = aws.layer_zip("deps-dev", 1)
    assert len(published) == outputs["size"]
    names = zipfile.ZipFile(io.BytesIO(published)).namelist()
    assert "python/six.py" in names
    assert all(name.startswith("python/") for name in names)
    layer = dev.resources()["deps"]
    assert b64decode(layer["outputs"]["codeSha256"]) == hashlib.sha256(published).digest()
    assert outputs["arn"] == layer["outputs"]["arn"]

    assert dev.preview().unchanged
    assert dev.up().unchanged
    assert aws.layer_versions("deps-dev") == [1]


STILL_RUNNING = (
    PROGRAM
    + """
import time
from pathlib import Path

until = time.monotonic() + 30
while not (built := list(Path(".poetry-layer").glob("*/*.json"))) and time.monotonic() < until:
    time.sleep(0.02)
pulumi.export("built_meanwhile", bool(built))
"""
)


def test_layer_is_built_while_the_program_is_still_running(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise every preview and update waits for the start of another Python process when all else is done."""
    stack = new_program({"__main__.py": STILL_RUNNING, **project_files("base")}).stack()
    stack.up(skip_preview=True)
    assert stack.outputs()["built_meanwhile"] is True
    assert aws.layer_versions("deps-dev") == [1]


def test_packages_of_the_published_zip_can_be_imported(dev: Stack, aws: LocalAws, tmp_path: Path) -> None:
    """Otherwise the deployment succeeds, and the function fails with an import error."""
    dev.up(skip_preview=True)
    with zipfile.ZipFile(io.BytesIO(aws.layer_zip("deps-dev", 1))) as archive:
        archive.extractall(tmp_path / "opt")
    program = "import idna, six; print(six.__version__, idna.__file__)"
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import sys; sys.path.append({str(tmp_path / 'opt/python')!r}); {program}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1.16.0", str(tmp_path / "opt/python/idna/__init__.py")]


def test_fresh_checkout_previews_unchanged_without_building(
    dev: Stack, new_machine: Callable[[str], Machine], tmp_path: Path, aws: LocalAws
) -> None:
    """Otherwise every CI runner builds the layer, or fails, although nothing has changed."""
    dev.up(skip_preview=True)
    runner = dev.on(dev.program.checkout(tmp_path / "runner" / "work", machine=new_machine("runner")))

    path = without_poetry(runner)
    assert runner.preview(PATH=path).unchanged
    assert runner.up(PATH=path).unchanged
    assert aws.layer_versions("deps-dev") == [1]
    assert not (runner.program.folder / ".poetry-layer").exists()


def test_fresh_checkout_builds_the_zip_if_only_the_layer_version_is_replaced(
    dev: Stack, new_machine: Callable[[str], Machine], tmp_path: Path, aws: LocalAws
) -> None:
    """Otherwise the empty placeholder is published."""
    dev.up(skip_preview=True)
    runner = dev.on(dev.program.checkout(tmp_path / "runner" / "work", machine=new_machine("runner")))
    runner.set_config("description", "what the service needs")

    up = runner.up()

    assert up.ops(BUILD) == ["same"]
    assert up.step(LAYER, "replace").replaced_by == ("description",)
    assert aws.layer_versions("deps-dev") == [2]
    with zipfile.ZipFile(io.BytesIO(aws.layer_zip("deps-dev", 2))) as archive:
        assert archive.testzip() is None
        assert "python/six.py" in archive.namelist()


def test_package_change_shows_the_versions_and_replaces_the_layer_version(dev: Stack, aws: LocalAws) -> None:
    """Otherwise a user cannot see in the preview what changes, or the new version is not published."""
    dev.up(skip_preview=True)
    dev.program.write(project_files("package_changed"))

    preview = dev.preview(diff=True)
    assert preview.ops(BUILD) == ["update"]
    assert preview.step(LAYER, "replace").replaced_by == ("code", "licenseInfo"), "the licenses are not known yet"
    assert "deps: six 1.16.0 → 1.17.0" in preview.text
    assert 'six : "1.16.0" => "1.17.0"' in " ".join(preview.stdout.split())
    assert "idna" not in [line.split(":")[0].strip(" ~+-") for line in preview.stdout.splitlines() if "=>" in line]

    dev.up(skip_preview=True)
    assert dev.outputs()["packages"]["six"] == "1.17.0"
    assert aws.layer_versions("deps-dev") == [2]
    assert dev.up().unchanged
    (zip_name,) = [name for name in build_folder(dev) if name.endswith(".zip")]
    assert dev.outputs()["fingerprint"][:12] in zip_name


def test_lock_change_in_another_group_changes_nothing(dev: Stack, aws: LocalAws) -> None:
    """Otherwise every update of a linter publishes a layer and updates every function that uses it."""
    dev.up(skip_preview=True)
    dev.program.write(project_files("dev_changed"))

    preview = dev.preview()
    assert preview.unchanged
    assert "deps: poetry.lock has changed since the layer was built, but the layer has not" in preview.text
    assert dev.up().unchanged
    assert aws.layer_versions("deps-dev") == [1]


def test_two_stacks_with_different_groups_have_separate_layers(dev: Stack, aws: LocalAws) -> None:
    """Otherwise dev and prod overwrite each other's layer, or prod gets the packages of dev."""
    dev.program.stack("prod")
    dev.set_config("groups", json.dumps(["main", "debug"]))
    prod = Stack(program=dev.program, name="prod")
    dev.up(skip_preview=True)
    prod.up(skip_preview=True)

    assert set(dev.outputs()["packages"]) == {"idna", "iniconfig", "six"}
    assert set(prod.outputs()["packages"]) == {"idna", "six"}
    assert dev.outputs()["fingerprint"] != prod.outputs()["fingerprint"]
    again = dev.preview(diff=True)
    assert again.unchanged, again
    assert prod.preview().unchanged

    dev.destroy()
    assert aws.layer_versions("deps-dev") == []
    assert aws.layer_versions("deps-prod") == [1]
    assert prod.preview().unchanged


def test_version_that_was_deleted_in_aws_is_published_again_after_a_refresh(dev: Stack, aws: LocalAws) -> None:
    """Otherwise a layer version that was deleted by hand stays deleted, and Pulumi does not report it."""
    dev.up(skip_preview=True)
    assert dev.refresh().unchanged
    aws.functions().delete_layer_version(LayerName="deps-dev", VersionNumber=1)

    (zip_file,) = (dev.program.folder / ".poetry-layer" / "dev").glob("*.zip")
    built = zip_file.stat().st_mtime_ns

    dev.refresh()
    up = dev.up(skip_preview=True)

    assert up.ops(LAYER) == ["create"]
    assert up.ops(BUILD) == ["same"]
    assert zip_file.stat().st_mtime_ns == built, "the zip exists and is not built again"
    (version,) = aws.layer_versions("deps-dev")
    assert zipfile.ZipFile(io.BytesIO(aws.layer_zip("deps-dev", version))).testzip() is None


def test_destroy_removes_the_layer_version_and_the_zip(dev: Stack, aws: LocalAws) -> None:
    """Otherwise old layer versions stay in the account, and old zips on the disk."""
    dev.up(skip_preview=True)
    dev.destroy()
    assert aws.layer_versions("deps-dev") == []
    assert build_folder(dev) == []
    assert dev.resources() == {}


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        ("wheels", "six 1.16.0: PyPI (http://127.0.0.1:9/simple) cannot be reached"),
        ("local", "`poetry install --no-root --only=main"),
    ],
)
def test_failed_build_leaves_nothing_and_the_next_up_succeeds(
    builder: str, message: str, dev: Stack, aws: LocalAws
) -> None:
    """Otherwise an incomplete layer is published, or the stack must be repaired by hand after a network error."""
    dev.set_config("builder", builder)
    failed = dev.up(check=False, POETRY_PYPI_MIRROR_URL=UNREACHABLE)
    assert failed.exit_code != 0
    assert message in failed.text
    assert "127.0.0.1" in failed.text, "the output of the builder must be shown"
    assert aws.layer_versions("deps-dev") == []
    placeholders = (dev.program.folder / ".poetry-layer" / "dev").glob("*")
    assert [path.stat().st_size for path in placeholders] in ([], [0]), "the engine may kill the program"
    assert "deps-build" not in dev.resources()

    dev.up(skip_preview=True)
    assert aws.layer_versions("deps-dev") == [1]


def test_failed_update_keeps_the_old_version_and_the_next_up_succeeds(dev: Stack, aws: LocalAws) -> None:
    """Otherwise a failed build breaks the functions that use the old version."""
    dev.up(skip_preview=True)
    dev.program.write(project_files("package_changed"))

    failed = dev.up(check=False, skip_preview=True, POETRY_PYPI_MIRROR_URL=UNREACHABLE)
    assert failed.exit_code != 0
    assert aws.layer_versions("deps-dev") == [1]
    assert dev.outputs()["packages"]["six"] == "1.16.0"

    dev.up(skip_preview=True)
    assert aws.layer_versions("deps-dev") == [2]
    assert dev.outputs()["packages"]["six"] == "1.17.0"


def test_state_contains_no_folder_of_this_machine(dev: Stack) -> None:
    """Otherwise a preview on another machine shows changes, and the state contains a user name."""
    dev.up(skip_preview=True)
    for resource in dev.resources().values():
        state = json.dumps([resource.get("inputs"), resource.get("outputs")])
        assert str(dev.program.folder) not in state
        assert str(dev.program.machine.root) not in state


def test_program_that_changes_its_working_directory_still_works(dev: Stack, aws: LocalAws, tmp_path: Path) -> None:
    """Otherwise the zip of a program that calls os.chdir is written where the AWS plugin does not find it."""
    dev.program.write({"__main__.py": f"import os\nos.chdir({str(tmp_path)!r})\n{PROGRAM}"})
    dev.up()
    assert aws.layer_versions("deps-dev") == [1]
    assert dev.preview().unchanged
