"""Unpacking a source distribution, checking out a git commit, and building a pure wheel from either."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from samples.wheels import WheelSample

from pulumi_poetry_layer.archive.members import content_bytes
from pulumi_poetry_layer.archive.record import parse_record
from pulumi_poetry_layer.errors import PackageFileError
from pulumi_poetry_layer.plan.build_plan import PlannedPackage
from pulumi_poetry_layer.poetry.locked import LockedSource
from pulumi_poetry_layer.wheels.from_source import build_pure_wheel, check_out, unpack

BACKEND = """\
import shutil


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return shutil.copy("source-1.0-py3-none-any.whl", wheel_directory)
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def zip_of(*names: str) -> bytes:
    """A zip with these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


def tar_of(*names: str) -> bytes:
    """A tar archive with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


def git_package(url: str, commit: str | None, subdirectory: str | None = None) -> PlannedPackage:
    """A git dependency."""
    source = LockedSource(type="git", url=url, resolved_reference=commit, subdirectory=subdirectory)
    return PlannedPackage(name="source", version="1.0", file=None, source=source)


@pytest.mark.parametrize(
    ("file_name", "data", "project"),
    [
        ("source-1.0.zip", zip_of("source-1.0/setup.py"), "source-1.0"),
        ("source-1.0.tar.gz", tar_of("source-1.0/setup.py"), "source-1.0"),
        ("source-1.0.zip", zip_of("setup.py", "source.py"), "."),
        ("source-1.0.tar.gz", tar_of("setup.py"), "."),
    ],
    ids=["zip", "tar", "zip without a top folder", "tar with one file"],
)
def test_project_of_an_sdist_is_found(tmp_path: Path, file_name: str, data: bytes, project: str) -> None:
    """Otherwise packages with a zip, or without a top folder, cannot be built."""
    (tmp_path / "sdist").write_bytes(data)

    tree = unpack(tmp_path / "sdist", file_name, tmp_path / "folder")

    assert tree == tmp_path / "folder" / project
    assert (tree / "setup.py").is_file()


@pytest.mark.parametrize("file_name", ["source-1.0.zip", "source-1.0.tar.gz"])
def test_sdist_that_is_no_archive_is_refused_with_its_name(tmp_path: Path, file_name: str) -> None:
    """Otherwise the user gets a traceback that names no package."""
    (tmp_path / "sdist").write_bytes(b"<html>")
    with pytest.raises(PackageFileError, match=file_name):
        unpack(tmp_path / "sdist", file_name, tmp_path / "folder")


def test_package_without_file_and_commit_is_refused(tmp_path: Path) -> None:
    """Otherwise the newest commit of the default branch is built."""
    for package in (
        git_package("https://git.invalid/source", None),
        PlannedPackage(name="source", version="1.0", file=None, source=None),
    ):
        with pytest.raises(PackageFileError, match=r"source 1\.0"):
            check_out(package, tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


def test_subdirectory_outside_of_the_repository_is_refused(tmp_path: Path) -> None:
    """Otherwise a lock file can have any folder of this host built and published."""
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "file").touch()
    identity = {f"GIT_{who}_{what}": "a@b.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        environment = {**os.environ, **identity}
        done = subprocess.run(command, cwd=repository, env=environment, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "first"]):
        git(*arguments)
    commit = git("rev-parse", "HEAD")

    with pytest.raises(PackageFileError, match="outside of the repository"):
        check_out(git_package(str(repository), commit, "../.."), tmp_path / "folder")


def test_wheel_built_here_names_no_path_of_this_host(tmp_path: Path) -> None:
    """Otherwise laptop and CI build different layers, and the layer shows where it was built."""
    tree, folder = tmp_path / "tree", tmp_path / "built"
    tree.mkdir()
    folder.mkdir()
    (tree / "pyproject.toml").write_text(PYPROJECT)
    (tree / "backend.py").write_text(BACKEND)
    requirement = f'Requires-Dist: lib[fast] @ file://{tmp_path}/lib ; python_version > "3"'
    metadata = f"Metadata-Version: 2.1\nName: source\nVersion: 1.0\n{requirement}\n"
    sample = WheelSample(name="source", dist_info={"METADATA": metadata.encode()})
    (tree / sample.file_name).write_bytes(sample.data())

    wheel = build_pure_wheel(tree, folder, "source 1.0", os.environ)

    contents = {member.name.rpartition("/")[2]: content_bytes(member.content) for member in wheel.members}
    assert b'Requires-Dist: lib[fast] ; python_version > "3"\n' in contents["METADATA"]
    assert not [name for name, data in contents.items() if str(tmp_path).encode() in data]
    rows = {entry.path.rpartition("/")[2]: entry for entry in parse_record(contents["RECORD"].decode())}
    assert rows["METADATA"].size == str(len(contents["METADATA"]))
