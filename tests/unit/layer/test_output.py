"""Tests of which files a layer zip may replace."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
from pathlib import Path

import pytest
from samples import PROJECTS, Package, lock_text

from pulumi_poetry_layer import build_layer
from pulumi_poetry_layer.cli import main
from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.layer.output import check_output
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest

PATHS = """\
[project]
name = "service"
version = "1.0"
requires-python = ">=3.9"
dependencies = ["library", "wheel"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one dependency from an index."""
    return Path(shutil.copytree(PROJECTS / "base", tmp_path / "project"))


def check(project: Path, output: Path) -> None:
    """Check an output file of a project."""
    plan, files = plan_request(LayerRequest(project_dir=project, runtime="python3.12"))
    check_output(output, plan, files)


def test_new_file_and_existing_zip_may_be_written(project: Path, tmp_path: Path) -> None:
    """A layer could not be built twice."""
    (tmp_path / "layer.zip").write_bytes(b"an older layer")
    for output in (tmp_path / "layer.zip", tmp_path / "new.zip", tmp_path / "new" / "folder" / "layer.zip"):
        check(project, output)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such files")
def test_device_pipe_socket_link_or_folder_is_refused(project: Path, tmp_path: Path) -> None:
    """The command would replace /dev/null for all programs, or a file that a link in a repository points to."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "target.zip").write_bytes(b"mine")
    (tmp_path / "link").symlink_to("target.zip")
    (tmp_path / "dangling").symlink_to("nowhere")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for output, kind in (
            (tmp_path / "pipe", "a pipe"),
            (tmp_path / "socket", "a socket"),
            (tmp_path / "link", "a symbolic link"),
            (tmp_path / "dangling", "a symbolic link"),
            (tmp_path, "a folder"),
            (Path("/dev/null"), "a device"),
        ):
            before = output.lstat()
            with pytest.raises(InputError, match=f"is {kind}") as caught:
                build_layer(project_dir=project, runtime="python3.12", output=output)
            assert caught.value.where == str(output)
            assert caught.value.hint
            assert os.path.samestat(before, output.lstat())
    assert (tmp_path / "target.zip").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["pyproject.toml", "poetry.lock"])
def test_file_that_the_layer_is_made_from_is_refused_under_every_name(project: Path, tmp_path: Path, name: str) -> None:
    """`--output poetry.lock` would replace the lock file with a zip."""
    text = (project / name).read_bytes()
    (tmp_path / "hard_link").hardlink_to(project / name)
    (tmp_path / "folder").symlink_to(project)
    for output in (
        project / name,
        project / ".." / project.name / name,
        Path(os.path.relpath(project / name)),
        tmp_path / "hard_link",
        tmp_path / "folder" / name,
    ):
        with pytest.raises(InputError, match="which the layer is made from"):
            build_layer(project_dir=project, runtime="python3.12", output=str(output))
    assert (project / name).read_bytes() == text


def test_file_of_a_path_dependency_is_refused(tmp_path: Path) -> None:
    """A source file of a library, or its wheel, would be replaced with a zip."""
    project, library = tmp_path / "project", tmp_path / "library"
    (library / "src").mkdir(parents=True)
    (library / "src" / "library.py").write_text("a = 1\n")
    wheel = tmp_path / "wheel-1.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    project.mkdir()
    files = [{"file": wheel.name, "hash": f"sha256:{hashlib.sha256(b'a wheel').hexdigest()}"}]
    packages = [
        Package(name="library", files=[], source={"type": "directory", "url": "../library"}),
        Package(name="wheel", source={"type": "file", "url": f"../{wheel.name}"}, other_keys={"files": files}),
    ]
    (project / "pyproject.toml").write_text(PATHS)
    (project / "poetry.lock").write_text(lock_text(PATHS, packages))

    for output in (library / "src" / "library.py", wheel):
        with pytest.raises(InputError, match="which the layer is made from"):
            check(project, output)
    check(project, library / "new.zip")


def test_path_with_a_null_character_is_an_error(project: Path) -> None:
    """A program would get a ValueError that says nothing about the output file."""
    with pytest.raises(InputError, match="cannot be used as the output file"):
        check(project, Path("a\0b"))


@pytest.mark.parametrize("name", ["layer", "new/folder", "layer.zip"])
def test_path_with_a_slash_at_its_end_is_refused(project: Path, tmp_path: Path, name: str) -> None:
    """A user who wants the zip in a folder would get a file in the place of the folder."""
    output = f"{tmp_path}/{name}/"

    with pytest.raises(InputError, match="is the path of a folder") as caught:
        build_layer(project_dir=project, runtime="python3.12", output=output)
    assert (caught.value.where, caught.value.hint) == (output, "add the name of a file to the path")
    assert main(["build", "--project-dir", str(project), "--runtime", "python3.12", "--output", output]) == 1
    assert not (tmp_path / name).exists()
