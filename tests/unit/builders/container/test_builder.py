"""ContainerBuilder without a Docker daemon: arguments, identity, and how files are copied out of a container."""

from __future__ import annotations

import io
import shutil
import sys
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import pytest
from samples import PROJECTS

from pulumi_poetry_layer import ContainerBuilder
from pulumi_poetry_layer.archive.members import BytesContent, Member, content_bytes
from pulumi_poetry_layer.builders.container import container as build_container
from pulumi_poetry_layer.builders.container.archives import extract
from pulumi_poetry_layer.builders.container.compiler import compiler_of
from pulumi_poetry_layer.builders.container.container import BuildContainer
from pulumi_poetry_layer.builders.container.image import DEFAULT_IMAGE, image_reference, poetry_version
from pulumi_poetry_layer.builders.registry import make_builder
from pulumi_poetry_layer.bytecode.layer_files import add_bytecode
from pulumi_poetry_layer.errors import ContainerError, HostError, InputError
from pulumi_poetry_layer.host.process import Program, run
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


class FakeContainer:
    """A container whose folder is one of this host, and that runs the Python of this host."""

    def __init__(self, root: Path, release: str) -> None:
        self.root = root
        self.release = release

    def copy(self, source: Path, folder: str) -> None:
        shutil.copytree(source, self.root / folder.strip("/"))

    def write(self, folder: str, contents: Mapping[str, bytes]) -> None:
        (self.root / folder.strip("/")).mkdir(parents=True)
        for name, content in contents.items():
            (self.root / folder.strip("/") / name).write_bytes(content)

    def run(self, arguments: Sequence[str], *, environment: Mapping[str, str], folder: str = "/") -> str:
        if "-c" in arguments:
            return f"{self.release} False\n"
        inside = [str(self.root / argument.strip("/")) if "/build/" in argument else argument for argument in arguments]
        program = Program(inside[0], sys.executable if inside[0] == "python3.11" else f"/bin/{inside[0]}")
        return run(program, inside[1:], environment=environment, folder=self.root / folder.strip("/"))

    def fetch(self, source: str, target: Path) -> None:
        shutil.copytree(self.root / source.strip("/"), target, dirs_exist_ok=True)


def test_python_of_the_container_compiles(tmp_path: Path) -> None:
    """Otherwise a machine without the Python of the runtime cannot build a layer with bytecode."""
    container = cast("BuildContainer", FakeContainer(tmp_path / "container", "3.11.4"))
    record = "python/app-1.dist-info/RECORD"
    members = [Member("python/app.py", "app", BytesContent(b"x = 1\n")), Member(record, "app", BytesContent(b""))]
    (tmp_path / "work").mkdir()

    compiler = compiler_of(container, "python3.11", "3.11", 2)
    found = {m.name: m.content for m in add_bytecode(members, compiler, (3, 11), tmp_path / "work")}

    assert content_bytes(found["python/__pycache__/app.cpython-311.pyc"])[4:8] == b"\1\0\0\0"
    assert content_bytes(found["python/app-1.dist-info/BYTECODE"]) == b"cpython 3.11.4\n"


@pytest.mark.parametrize("wanted", ["3.11.5", "3.12", "3.11.40"])
def test_container_with_another_python_than_the_pinned_one_is_refused(tmp_path: Path, wanted: str) -> None:
    """Otherwise a pinned release is ignored."""
    container = cast("BuildContainer", FakeContainer(tmp_path, "3.11.4"))
    with pytest.raises(HostError) as caught:
        compiler_of(container, "python3.11", wanted, 2)
    assert str(caught.value).startswith(
        f"bytecode: needs CPython {wanted}, and the Python of the build image is 3.11.4\n  hint: set image="
    )
