"""The life of a PoetryLayer under the real engine: what a user sees in preview, up, refresh and destroy."""

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

from .harness import LocalAws, Machine, Program, Stack

NewProgram = Callable[..., Program]

PROJECTS = Path(__file__).parent.parent / "projects"
RUNTIME = "python{}.{}".format(*sys.version_info[:2])

BUILD = "pulumi-python:dynamic/poetry-layer:LayerBuild"
LAYER = "aws:lambda/layerVersion:LayerVersion"
COMPONENT = "poetry-layer:index:PoetryLayer"

PROGRAM = f"""\
import pulumi
from pulumi_poetry_layer import PoetryLayer

config = pulumi.Config()
deps = PoetryLayer(
    "deps",
    project_dir="service",
    runtime="{RUNTIME}",
    groups=config.get_object("groups") or ["main"],
    layer_name=f"deps-{{pulumi.get_stack()}}",
    description=config.get("description"),
    builder=config.get("builder") or "wheels",
)
pulumi.export("arn", deps.arn)
pulumi.export("version", deps.version)
pulumi.export("fingerprint", deps.fingerprint)
pulumi.export("packages", deps.packages)
pulumi.export("size", deps.size)
"""


def project_files(name: str) -> dict[str, str]:
    """The two files of a project of ``tests/projects``, as the program's ``service`` folder."""
    return {f"service/{file}": (PROJECTS / name / file).read_text() for file in ("pyproject.toml", "poetry.lock")}


def build_folder(stack: Stack) -> list[str]:
    """Names of what lies in the stack's part of the build folder."""
    return sorted(path.name for path in (stack.program.folder / ".poetry-layer" / stack.name).glob("*"))


@pytest.fixture
def dev(new_program: NewProgram) -> Stack:
    """A stack of the program with the base project, not yet up."""
    return new_program({"__main__.py": PROGRAM, **project_files("base")}).stack()


@pytest.mark.parametrize("builder", ["wheels", "local"])
def test_up_publishes_the_locked_packages_and_a_second_up_changes_nothing(
    builder: str, dev: Stack, aws: LocalAws
) -> None:
    """Otherwise there is no layer, another one than the lock file says, or a new version for every deploy."""
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


def test_published_zip_imports_under_the_target_python(dev: Stack, aws: LocalAws, tmp_path: Path) -> None:
    """Otherwise the function fails in AWS with an import error, long after the deploy went through."""
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
    """Otherwise every CI runner rebuilds the layer, or fails, to find out that there is nothing to do."""
    dev.up(skip_preview=True)
    runner = dev.on(dev.program.checkout(tmp_path / "runner" / "work", machine=new_machine("runner")))

    without_poetry = _without_poetry(runner)
    assert runner.preview(PATH=without_poetry).unchanged
    assert runner.up(PATH=without_poetry).unchanged
    assert aws.layer_versions("deps-dev") == [1]
    zips = list((runner.program.folder / ".poetry-layer").glob("*/*.zip"))
    assert [zip_file.stat().st_size for zip_file in zips] == [0]


def test_fresh_checkout_rebuilds_when_only_the_layer_version_must_be_made_again(
    dev: Stack, new_machine: Callable[[str], Machine], tmp_path: Path, aws: LocalAws
) -> None:
    """Otherwise the placeholder, or nothing, is published in the place of the packages."""
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


def test_package_change_is_shown_by_version_and_replaces_the_layer_version(dev: Stack, aws: LocalAws) -> None:
    """Otherwise a user cannot tell from the preview what a deploy changes, or the new package never arrives."""
    dev.up(skip_preview=True)
    dev.program.write(project_files("package_changed"))

    preview = dev.preview(diff=True)
    assert preview.ops(BUILD) == ["update"]
    assert preview.step(LAYER, "replace").replaced_by == ("code",)
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
    """Otherwise every bump of a linter publishes a layer and redeploys every function that uses it."""
    dev.up(skip_preview=True)
    dev.program.write(project_files("dev_changed"))

    preview = dev.preview()
    assert preview.unchanged
    assert "deps: poetry.lock has changed since the layer was built, but the layer has not" in preview.text
    assert dev.up().unchanged
    assert aws.layer_versions("deps-dev") == [1]


def test_two_stacks_with_different_groups_live_side_by_side(dev: Stack, aws: LocalAws) -> None:
    """Otherwise dev and prod overwrite each other's layer, or prod ships dev's packages."""
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


def test_refresh_finds_a_version_deleted_outside_and_up_publishes_it_again(dev: Stack, aws: LocalAws) -> None:
    """Otherwise a layer deleted by hand stays deleted while Pulumi says that all is well."""
    dev.up(skip_preview=True)
    assert dev.refresh().unchanged
    aws.functions().delete_layer_version(LayerName="deps-dev", VersionNumber=1)

    (zip_file,) = (dev.program.folder / ".poetry-layer" / "dev").glob("*.zip")
    built = zip_file.stat().st_mtime_ns

    dev.refresh()
    up = dev.up(skip_preview=True)

    assert up.ops(LAYER) == ["create"]
    assert up.ops(BUILD) == ["same"]
    assert zip_file.stat().st_mtime_ns == built, "the zip was there, there was nothing to build"
    (version,) = aws.layer_versions("deps-dev")
    assert zipfile.ZipFile(io.BytesIO(aws.layer_zip("deps-dev", version))).testzip() is None


def test_destroy_removes_the_version_and_the_zip(dev: Stack, aws: LocalAws) -> None:
    """Otherwise layers pile up in the account, and zips on the disk."""
    dev.up(skip_preview=True)
    dev.destroy()
    assert aws.layer_versions("deps-dev") == []
    assert build_folder(dev) == []
    assert dev.resources() == {}


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        ("wheels", "six 1.16.0: PyPI (http://127.0.0.1:9/simple) cannot be reached"),
        ("local", "`poetry install --no-root --only main"),
    ],
)
def test_failed_build_leaves_nothing_and_the_next_up_recovers(
    builder: str, message: str, dev: Stack, aws: LocalAws
) -> None:
    """Otherwise half a layer is published, or the stack needs repair by hand after a hiccup of the network."""
    dev.set_config("builder", builder)
    failed = dev.up(check=False, POETRY_PYPI_MIRROR_URL="http://127.0.0.1:9/simple/")
    assert failed.exit_code != 0
    assert message in failed.text
    assert "127.0.0.1" in failed.text, "the builder's own output must reach the user"
    assert aws.layer_versions("deps-dev") == []
    assert build_folder(dev) == []
    assert "deps-build" not in dev.resources()

    dev.up(skip_preview=True)
    assert aws.layer_versions("deps-dev") == [1]


def test_failed_update_keeps_the_old_version_and_the_next_up_recovers(dev: Stack, aws: LocalAws) -> None:
    """Otherwise a failing build takes down the functions that run on the layer of yesterday."""
    dev.up(skip_preview=True)
    dev.program.write(project_files("package_changed"))

    failed = dev.up(check=False, skip_preview=True, POETRY_PYPI_MIRROR_URL="http://127.0.0.1:9/simple/")
    assert failed.exit_code != 0
    assert aws.layer_versions("deps-dev") == [1]
    assert dev.outputs()["packages"]["six"] == "1.16.0"

    dev.up(skip_preview=True)
    assert aws.layer_versions("deps-dev") == [2]
    assert dev.outputs()["packages"]["six"] == "1.17.0"


def test_inputs_and_outputs_name_no_folder_of_this_machine(dev: Stack) -> None:
    """Otherwise laptop and CI runner see changes where there are none, and state tells who deployed from where."""
    dev.up(skip_preview=True)
    for resource in dev.resources().values():
        state = json.dumps([resource.get("inputs"), resource.get("outputs")])
        assert str(dev.program.folder) not in state
        assert str(dev.program.machine.root) not in state


def test_program_that_changes_its_working_directory_still_works(dev: Stack, aws: LocalAws, tmp_path: Path) -> None:
    """Otherwise an os.chdir in the program makes the layer's zip land where the AWS plugin does not look."""
    dev.program.write({"__main__.py": f"import os\nos.chdir({str(tmp_path)!r})\n{PROGRAM}"})
    dev.up()
    assert aws.layer_versions("deps-dev") == [1]
    assert dev.preview().unchanged


def _without_poetry(stack: Stack) -> str:
    """The machine's PATH without the folders that hold Poetry."""
    path = stack.program.machine.environment["PATH"].split(":")
    kept = [folder for folder in path if not (Path(folder) / "poetry").exists()]
    assert len(kept) < len(path)
    return ":".join(kept)
