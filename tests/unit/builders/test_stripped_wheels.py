"""WheelBuilder leaves files out of wheels, and keeps the result in its cache."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from samples.index import Index, serve
from samples.wheels import WheelSample

from pulumi_poetry_layer.archive.writer import write_archive
from pulumi_poetry_layer.builders.builder import ProjectFiles
from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.errors import DamagedSegmentError
from pulumi_poetry_layer.plan.build_plan import BuildPlan, Choice, PlannedPackage
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.locked import LockedFile
from pulumi_poetry_layer.strip.kinds import KINDS
from pulumi_poetry_layer.wheels import stripped

APP = WheelSample(
    name="app",
    files={
        "app/__init__.py": b"x = 1\n" * 40,
        "app/tests/test_a.py": b"y = 1\n" * 40,
        "app/a.pyi": b"",
        "app/a.c": b"",
    },
)
USER = WheelSample(name="user", files={"user.py": b"from app.tests import test_a\n"})


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index with the wheels."""
    with serve(Index(files={sample.file_name: sample.data() for sample in (APP, USER)})) as served:
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", served.url)
        yield served


def planned(*samples: WheelSample, strip: tuple[str, ...] = KINDS) -> BuildPlan:
    """A plan of these wheels."""
    packages = (
        PlannedPackage(name=s.name, version=s.version, file=LockedFile(s.file_name, s.hash), source=None)
        for s in samples
    )
    return BuildPlan(
        target=Target("python3.11", "x86_64"),
        builder=WheelBuilder().identity,
        choice=Choice(),
        packages=tuple(packages),
        excluded=(),
        strip=strip,
    )


def build(folder: Path, plan: BuildPlan) -> list[str]:
    """Build the layer, and return the names of its files without those of .dist-info folders."""
    builder = WheelBuilder(cache_dir=str(folder / "cache"))
    with builder.build(plan, ProjectFiles(pyproject="", lock="", folder=folder)) as parts:
        write_archive(parts, folder / "layer.zip")
    with zipfile.ZipFile(folder / "layer.zip") as archive:
        assert archive.testzip() is None
        return [name for name in archive.namelist() if ".dist-info/" not in name]


def test_files_are_left_out_and_record_is_true(tmp_path: Path, index: Index) -> None:
    """A layer would be larger than necessary."""
    assert build(tmp_path, planned(APP)) == ["python/app/__init__.py"]
    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        record = archive.read("python/app-1.0.dist-info/RECORD").decode()
        listed = {f"python/{line.split(',')[0]}" for line in record.splitlines()}
        assert listed == set(archive.namelist())
    assert build(tmp_path, planned(APP, strip=("stubs",))) == [
        "python/app/__init__.py",
        "python/app/a.c",
        "python/app/tests/test_a.py",
    ]


def test_tests_that_another_package_imports_stay(tmp_path: Path, index: Index) -> None:
    """The other package would fail on import; other kinds are still left out, also in the second build."""
    for _ in range(2):
        assert build(tmp_path, planned(APP, USER)) == [
            "python/app/__init__.py",
            "python/app/tests/test_a.py",
            "python/user.py",
        ]
    assert build(tmp_path, planned(APP)) == ["python/app/__init__.py"]


def test_result_is_cached_and_the_same_with_another_cache(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each build would read all modules again, or runners would publish different layers."""
    build(tmp_path, planned(APP, USER))
    first = (tmp_path / "layer.zip").read_bytes()
    other = tmp_path / "other"
    other.mkdir()
    build(other, planned(APP, USER, strip=()))
    build(other, planned(APP, USER))
    assert (other / "layer.zip").read_bytes() == first
    monkeypatch.setattr(stripped, "strip_distribution", None)
    build(tmp_path, planned(APP, USER))
    assert (tmp_path / "layer.zip").read_bytes() == first


def test_files_are_left_out_before_modules_are_compiled(tmp_path: Path, index: Index) -> None:
    """A layer would have compiled modules of tests that it does not have."""
    plan = replace(planned(APP), bytecode="3.11", target=Target("python3.11", "x86_64"))
    for _ in range(2):
        assert build(tmp_path, plan) == ["python/app/__init__.py", "python/app/__pycache__/__init__.cpython-311.pyc"]


@pytest.mark.parametrize("which", ["whole", "stripped"])
def test_damaged_entry_is_removed_and_built_again(tmp_path: Path, index: Index, which: str) -> None:
    """A damaged file would be published, or every later build would fail."""
    build(tmp_path, planned(APP, strip=()))
    whole = set((tmp_path / "cache").rglob("*"))
    if which == "stripped":
        build(tmp_path, planned(APP))
    damaged = max(
        (p for p in (tmp_path / "cache").rglob("*") if p.is_file() and (p in whole) == (which == "whole")),
        key=lambda path: path.stat().st_size,
    )
    data = bytearray(damaged.read_bytes())
    data[40] ^= 1
    damaged.write_bytes(data)
    with pytest.raises(DamagedSegmentError):
        build(tmp_path, planned(APP))
    assert build(tmp_path, planned(APP)) == ["python/app/__init__.py"]


def test_only_layers_that_leave_files_out_have_another_fingerprint() -> None:
    """A release would replace all layers, or a layer would not change when its files do."""
    prints = [planned(APP, strip=kinds).fingerprint for kinds in ((), ("tests",), KINDS)]
    assert len(set(prints)) == 3
    assert replace(planned(APP), strip=()).fingerprint == prints[0]
