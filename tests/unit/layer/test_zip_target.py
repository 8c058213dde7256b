"""The target of a layer zip, if neither the user nor a project names one."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples.elf import elf
from samples.layers import installed, write_zip

from pulumi_poetry_layer.errors import ArchiveError, MultipleInputError, TargetError
from pulumi_poetry_layer.layer.request import GivenArguments
from pulumi_poetry_layer.layer.zip_target import zip_target


@pytest.fixture
def native(tmp_path: Path) -> Path:
    """A layer with an extension module for Python 3.12 on arm64."""
    module = "demo/fast.cpython-312-aarch64-linux-gnu.so"
    return write_zip(tmp_path / "native.zip", installed("demo", {"demo/__init__.py": b"", module: elf("aarch64")}))


@pytest.fixture
def pure(tmp_path: Path) -> Path:
    """A layer that every runtime can load."""
    return write_zip(tmp_path / "pure.zip", installed("demo", {"demo.py": b""}))


def given(folder: Path, **arguments: str) -> GivenArguments:
    """Arguments of a user, in a folder without a project."""
    return GivenArguments(project_dir=folder, **arguments)  # type: ignore[arg-type]


def test_runtime_is_the_only_one_that_the_zip_is_for(native: Path, tmp_path: Path) -> None:
    """A user would have to write what the zip shows."""
    target, libraries = zip_target(native, given(tmp_path))

    assert (str(target), libraries) == ("python3.12 on arm64", ())


def test_arguments_and_defaults_come_before_what_the_zip_shows(native: Path, tmp_path: Path) -> None:
    """`verify` would never find that a layer is for another runtime than the function."""
    assert str(zip_target(native, given(tmp_path, runtime="python3.13"))[0]) == "python3.13 on x86_64"

    (tmp_path / "pyproject.toml").write_text('[tool.poetry-layer]\nruntime = "python3.11"\n')
    assert str(zip_target(native, given(tmp_path))[0]) == "python3.11 on x86_64"


def test_zip_for_several_runtimes_decides_nothing(pure: Path, tmp_path: Path) -> None:
    """A layer would be verified for a runtime that nobody has named."""
    with pytest.raises(TargetError) as caught:
        zip_target(pure, given(tmp_path))

    assert str(caught.value).startswith("runtime: is missing, and it has no default\n  hint: set runtime=")
    assert str(caught.value.hint).endswith("; the zip is for all runtimes on x86_64 and arm64")


def test_zip_is_not_for_the_architecture_that_is_given(native: Path, tmp_path: Path) -> None:
    """The runtime of another architecture would be taken."""
    with pytest.raises(TargetError, match="is missing"):
        zip_target(native, given(tmp_path, architecture="x86_64"))


def test_everything_that_is_wrong_is_reported_together(tmp_path: Path) -> None:
    """A user would learn of one mistake after the other."""
    (tmp_path / "pyproject.toml").write_text("[tool.poetry-layer]\nruntme = 3\n")

    with pytest.raises(MultipleInputError) as caught:
        zip_target(tmp_path / "no.zip", given(tmp_path, architecture="amd64"))

    assert [problem.what for problem in caught.value.problems] == [
        "unsupported architecture 'amd64'",
        "unknown key",
        "no such file",
    ]


def test_zip_that_is_no_layer_is_named(tmp_path: Path) -> None:
    """A user would be asked for the runtime of something else."""
    wheel = write_zip(tmp_path / "a.zip", {"a/__init__.py": b"", "a-1.0.dist-info/WHEEL": b""})

    with pytest.raises(ArchiveError):
        zip_target(wheel, given(tmp_path))
