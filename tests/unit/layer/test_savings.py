"""What can be left out of a layer that is too large."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from samples import PROJECT, Package, lock_text, plan

from pulumi_poetry_layer.archive.members import BytesContent, Member
from pulumi_poetry_layer.archive.segments import read_segment, write_segment
from pulumi_poetry_layer.archive.writer import write_archive
from pulumi_poetry_layer.builders.builder import ProjectFiles
from pulumi_poetry_layer.errors import PublishError
from pulumi_poetry_layer.layer.build import build_planned
from pulumi_poetry_layer.layer.savings import files_of, files_of_zip, with_savings
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity, BuildPlan
from pulumi_poetry_layer.size.limits import LayerSize, limit_error

LOCK = lock_text(PROJECT, [Package(name="app", dependencies={"lib": "*"}), Package(name="lib")])
FILES = ProjectFiles(pyproject=PROJECT, lock=LOCK)
MEMBERS = [
    Member("python/app/__init__.py", "app", BytesContent(bytes(3 << 20))),
    Member("python/app/tests/test_a.py", "app", BytesContent(bytes(1 << 20))),
    Member("python/app-1.0.dist-info/RECORD", "app", BytesContent(b"app/__init__.py,,\napp/tests/test_a.py,,\n")),
    Member("python/lib.py", "lib", BytesContent(bytes(2 << 20))),
    Member("python/lib-1.0.dist-info/RECORD", "lib", BytesContent(b"lib.py,,\n")),
]


class MembersBuilder:
    """A fake builder that returns the members."""

    identity = BuilderIdentity(kind="members")

    def options(self) -> Mapping[str, str]:
        return {}

    @contextmanager
    def build(self, plan: BuildPlan, files: ProjectFiles) -> Iterator[Sequence[Member]]:
        assert plan.packages
        assert files.lock
        yield MEMBERS


def test_error_lists_what_excluding_and_stripping_would_bring(tmp_path: Path) -> None:
    """A user would have to try which packages to leave out."""
    with pytest.raises(PublishError) as caught:
        build_planned(plan(PROJECT, LOCK), FILES, MembersBuilder(), tmp_path / "x.zip", max_unzipped_size=5 << 20)
    lines = [line.split() for line in str(caught.value).splitlines()]
    assert lines[2] == ["package", "zipped", "unzipped", "exclude", "saves", "strip", "saves", "up", "to"]
    assert lines[3] == ["app", "4.0", "MiB", "4.0", "MiB", "6.0", "MiB", "1.0", "MiB"]
    assert lines[4] == ["lib", "2.0", "MiB", "2.0", "MiB", "2.0", "MiB", "0", "MiB"]
    assert "exclude_runtime, or files with strip:" in str(caught.value)
    assert not (tmp_path / "x.zip").exists()


def test_files_of_a_segment_and_of_a_zip_are_those_of_the_members(tmp_path: Path) -> None:
    """The table would differ between a preview, a build and a later check."""
    expected = files_of(MEMBERS)
    write_archive(MEMBERS, tmp_path / "layer.zip")
    with (tmp_path / "segment").open("wb") as file:
        write_segment([member for member in MEMBERS if member.distribution == "app"], file, {"key": ""})
    assert files_of([read_segment(tmp_path / "segment", "app")])["app"] == expected["app"]
    listed = {name: {file for file in files if "RECORD" not in file} for name, files in expected.items()}
    found = files_of_zip(tmp_path / "layer.zip")
    assert {name: set(files) for name, files in found.items()} == listed
    assert found["app"]["python/app/__init__.py"] == 3 << 20
    assert files_of_zip(tmp_path / "nowhere.zip") == {}


def test_unknown_sizes_are_shown_as_unknown() -> None:
    """A size that only the index knows would be shown as 0."""
    packages = {"app": 3 << 20, "lib": 1 << 20, **{f"other{n:02}": 1 for n in range(20)}}
    size = LayerSize(size=0, unzipped_size=300 << 20, packages=packages, zipped={"app": 1 << 20})
    projects = [Package(name=name) for name in packages]
    lock = lock_text(PROJECT, projects)
    known = with_savings(size, plan(PROJECT, lock), ProjectFiles(pyproject=PROJECT, lock=lock), {})
    text = str(limit_error(known, where="deps", direct_upload=False))
    rows = [line.split() for line in text.splitlines()]
    assert ["app", "1.0", "MiB", "3.0", "MiB", "3.0", "MiB", "?"] in rows
    assert ["lib", "?", "1.0", "MiB", "1.0", "MiB", "?"] in rows
    assert text.endswith("and 12 smaller packages with <0.01 MiB unzipped")


def test_kinds_that_are_left_out_already_bring_nothing_more() -> None:
    """A user would try again what is done already."""
    size = LayerSize(size=1, unzipped_size=1, packages={"app": 4 << 20})
    chosen = {"app": {"python/app/tests/test_a.py": 7, "python/app/a.pyi": 2}}
    layer = plan(PROJECT, LOCK)
    for strip, saved in (((), 9), (("tests",), 2), (("sources", "stubs", "tests"), 0)):
        stripped = BuildPlan(**{**{k: v for k, v in vars(layer).items() if k != "fingerprint"}, "strip": strip})
        assert with_savings(size, stripped, FILES, chosen).savings[0].stripping == saved
