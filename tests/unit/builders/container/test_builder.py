"""ContainerBuilder without a Docker daemon: arguments, identity, and how files are copied out of a container."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from samples import PROJECTS

from pulumi_poetry_layer import ContainerBuilder
from pulumi_poetry_layer.builders.container import container as build_container
from pulumi_poetry_layer.builders.container.archives import extract
from pulumi_poetry_layer.builders.container.image import DEFAULT_IMAGE, image_reference, poetry_version
from pulumi_poetry_layer.builders.registry import make_builder
from pulumi_poetry_layer.errors import ContainerError, InputError
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest
from pulumi_poetry_layer.plan.build_plan import BuildPlan
from pulumi_poetry_layer.plan.target import Target

PROJECT = PROJECTS / "base"


def plan(**options: str) -> BuildPlan:
    """The base project's plan."""
    builder = make_builder("container", options)
    return plan_request(LayerRequest(project_dir=PROJECT, runtime="python3.12", builder=builder))[0]


def test_image_changes_the_fingerprint_but_network_and_timeout_do_not() -> None:
    """Otherwise a new image does not rebuild the layer, or a new network publishes a new layer version."""
    assert plan(image="build:1").fingerprint != plan().fingerprint
    assert plan(network="host", timeout="60").fingerprint == plan().fingerprint
    assert "poetry" in plan().builder.pins


def test_options_make_the_same_builder_again() -> None:
    """Otherwise Pulumi's provider process builds in another image than the user chose."""
    assert ContainerBuilder().options() == {}
    builder = ContainerBuilder(image="build@sha256:0", network="host", timeout=90.5)
    again = make_builder("container", builder.options())
    assert isinstance(again, ContainerBuilder)
    assert vars(again) == vars(builder)


@pytest.mark.parametrize("timeout", ["soon", 0, -1, "nan", "inf"])
def test_timeout_that_is_not_a_positive_number_is_refused(timeout: float | str) -> None:
    """Otherwise a typo makes a build that never ends, or that ends immediately."""
    with pytest.raises(InputError, match="must be a positive number of seconds"):
        ContainerBuilder(timeout=timeout)


def test_default_image_is_the_build_image_of_the_runtime_and_architecture() -> None:
    """Otherwise the layer is compiled for another Python or processor."""
    target = Target("python3.12", "arm64")
    assert image_reference(DEFAULT_IMAGE, target) == "public.ecr.aws/sam/build-python3.12:latest-arm64"
    assert image_reference("mirror.invalid/build@sha256:0", target) == "mirror.invalid/build@sha256:0"


def test_python39_gets_an_older_poetry() -> None:
    """Otherwise layers for python3.9 cannot be built, because newer releases of Poetry do not run on it."""
    assert poetry_version(Target("python3.9", "x86_64")) != poetry_version(Target("python3.10", "x86_64"))


def test_output_in_chunks_is_joined_to_complete_lines() -> None:
    """Otherwise Poetry's output is cut into pieces, and a secret in two pieces is not masked."""
    chunks = [b"Instal", b"ling \xc3", b"\xa9\r\nsecond\n", b"\nlast"]
    assert list(build_container._lines(chunks)) == ["Installing é", "second", "", "last"]


def tar_of(**files: bytes) -> tarfile.TarFile:
    """An archive as the daemon returns it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.uid = len(content), 0o4755, 0
            archive.addfile(member, io.BytesIO(content))
    buffer.seek(0)
    return tarfile.open(fileobj=buffer)


def test_files_are_copied_out_without_special_modes_and_without_the_folders_name(tmp_path: Path) -> None:
    """Otherwise files are set-uid, or in the wrong folder."""
    extract(tar_of(**{"site-packages/a/b.py": b"pass"}), tmp_path)
    assert (tmp_path / "a" / "b.py").read_bytes() == b"pass"
    assert (tmp_path / "a" / "b.py").stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize("name", ["site-packages/../../escaped", "/escaped"])
def test_file_with_a_path_outside_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    """Otherwise a hostile package can write anywhere on the user's host."""
    folder = tmp_path / "inside"
    folder.mkdir()
    with pytest.raises(ContainerError, match="outside of the requested folder"):
        extract(tar_of(**{name: b"x"}), folder)
    assert not (tmp_path / "escaped").exists()
