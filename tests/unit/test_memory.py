"""What is remembered is what would be worked out, and nothing depends on it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pulumi_poetry_layer import file_state, memory
from pulumi_poetry_layer.archive import BytesContent, KnownArchive, Member, Segment, write_archive
from pulumi_poetry_layer.build_plan import BuilderIdentity, Source
from pulumi_poetry_layer.builders import make_builder
from pulumi_poetry_layer.cache import cache_folder
from pulumi_poetry_layer.layer_request import LayerRequest
from pulumi_poetry_layer.memory import recall_archive, recall_plan, remember_archive, remember_plan
from pulumi_poetry_layer.pipeline import plan_request
from pulumi_poetry_layer.segment_file import read_segment, write_segment

TESTS = Path(__file__).parent.parent
PROJECTS = [
    TESTS / "projects" / "base",
    TESTS / "data" / "locked" / "groups_and_markers",
    TESTS / "data" / "locked" / "overlapping_extras",
]


def request(folder: Path = PROJECTS[0], **arguments: object) -> LayerRequest:
    """A request for one of the projects."""
    return LayerRequest(project_dir=folder, runtime="python3.12", **arguments)  # type: ignore[arg-type]


def copied(folder: Path, target: Path) -> Path:
    """A copy of a project."""
    target.mkdir()
    for name in ("pyproject.toml", "poetry.lock"):
        (target / name).write_bytes((folder / name).read_bytes())
    return target


@pytest.mark.parametrize("folder", PROJECTS, ids=lambda folder: folder.name)
def test_plans_are_remembered_as_they_are(folder: Path) -> None:
    """The second build of a layer would hold something else than the first."""
    planned, files = plan_request(request(folder), remember=False)
    assert recall_plan(request(folder)) is None
    assert plan_request(request(folder)) == (planned, files)

    assert recall_plan(request(folder)) == (planned, files)
    assert plan_request(request(folder))[0].fingerprint == planned.fingerprint


def test_excluded_packages_are_remembered_too() -> None:
    """`plan` would not say any more what is left out."""
    asked = request(exclude=("six",))
    plan_request(asked)

    recalled = recall_plan(asked)

    assert recalled is not None
    assert [excluded.label for excluded in recalled[0].excluded] == ["six 1.16.0"]


def test_everything_that_decides_a_plan_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer would be built from the plan of another one."""
    folder = copied(PROJECTS[0], tmp_path / "project")
    asked = request(folder)
    plan_request(asked)
    assert recall_plan(asked)
    assert recall_plan(request(copied(PROJECTS[0], tmp_path / "elsewhere")))

    for other in (
        replace(asked, runtime="python3.13"),
        replace(asked, architecture="arm64"),
        replace(asked, groups=("main", "debug")),
        replace(asked, extras=("x",)),
        replace(asked, exclude=("six",)),
        replace(asked, builder=make_builder("local")),
    ):
        assert recall_plan(other) is None
    for name in ("pyproject.toml", "poetry.lock"):
        text = (folder / name).read_bytes()
        (folder / name).write_bytes(text + b"\n# another comment\n")
        assert recall_plan(asked) is None
        (folder / name).write_bytes(text)
    monkeypatch.setattr(memory, "_code", lambda: ("another release",))
    assert recall_plan(asked) is None


def test_pins_of_builders_are_told_apart() -> None:
    """A layer would be built from the plan for another build image, with its fingerprint."""
    plan, files = plan_request(request(), remember=False)
    pinned = BuilderIdentity(kind="wheels", pins={"image": "a"})
    remember_plan(replace(plan, builder=pinned), files)

    assert recall_plan(request()) is None


def test_path_dependencies_are_looked_at_every_time() -> None:
    """A change of a path dependency would not reach the layer."""
    asked = request(TESTS / "projects" / "paths" / "service")
    plan, _ = plan_request(asked)
    assert any(package.digest for package in plan.packages)

    assert recall_plan(asked) is None


@pytest.mark.parametrize("damaged", [b"", b"[]", b'{"packages": [{"name": "six"}], "excluded": []}', b"\xff"])
def test_damaged_memories_are_none(damaged: bytes) -> None:
    """A build would fail, or be of something else, because a file in a cache was damaged."""
    plan, _ = plan_request(request())
    (path,) = cache_folder("plans").iterdir()
    path.write_bytes(damaged)

    assert recall_plan(request()) is None
    assert plan_request(request())[0] == plan


def test_a_cache_that_cannot_be_written_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build would fail in a read-only home."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "file"))
    plan_request(request())

    assert recall_plan(request()) is None


def test_old_plans_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache would grow with every commit that touches a lock file."""
    monkeypatch.setattr(memory, "_KEPT", 2)
    for number, runtime in enumerate(("python3.10", "python3.11", "python3.12")):
        plan_request(replace(request(), runtime=runtime))
        for path in cache_folder("plans").iterdir():
            if path.stat().st_mtime > 1000:
                os.utime(path, (number, number))

    assert len(list(cache_folder("plans").iterdir())) == 2
    assert recall_plan(replace(request(), runtime="python3.10")) is None
    assert recall_plan(request())


def segment(folder: Path, content: bytes) -> Segment:
    """A segment of one file."""
    path = folder / "sha256-0"
    with path.open("wb") as file:
        write_segment([Member("python/a.py", "a", BytesContent(content))], file, {})
    return read_segment(path, "a")[0]


def test_digests_of_archives_are_remembered_by_what_is_in_them(tmp_path: Path) -> None:
    """The digest of another archive would be told, and a drift of what is published would be seen where none is."""
    first = segment(tmp_path, b"1")
    summary = write_archive([first], tmp_path / "layer.zip")
    remember_archive([first], summary)
    known = recall_archive([first])

    assert known == KnownArchive(sha256=summary.sha256)
    assert recall_archive([segment(tmp_path, b"1")]) == known
    assert write_archive([first], tmp_path / "again.zip", known=known) == summary
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "layer.zip").read_bytes()
    assert recall_archive([segment(tmp_path, b"2")]) is None
    assert recall_archive([first, segment(tmp_path, b"1")]) is None


def test_it_is_remembered_which_files_were_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every build would read each file's bytes once more than it has to."""
    monkeypatch.setattr(file_state, "_SETTLED", -1e9)
    part = segment(tmp_path, b"1")
    summary = write_archive([part], tmp_path / "layer.zip")
    remember_archive([part], replace(summary, whole=frozenset()))
    assert recall_archive([part]) == KnownArchive(sha256=summary.sha256)

    remember_archive([part], summary)
    assert recall_archive([part]) == KnownArchive(sha256=summary.sha256, whole=summary.whole)
    assert len(summary.whole) == 1


def test_archives_of_single_members_are_not_remembered(tmp_path: Path) -> None:
    """What another program installed may differ although its names do not."""
    parts = [Member("python/a.py", "a", BytesContent(b"1"))]
    remember_archive(parts, write_archive(parts, tmp_path / "layer.zip"))

    assert recall_archive(parts) is None
    assert not cache_folder("digests").exists()


def test_a_plan_with_a_login_in_an_address_is_not_remembered() -> None:
    """The password of a git repository would lie in the cache for months."""
    planned, files = plan_request(request(), remember=False)
    source = Source(type="git", url="https://me:hunter22@host.invalid/a.git", resolved_reference="a" * 40)
    private = replace(planned, packages=(*planned.packages[:-1], replace(planned.packages[-1], source=source)))
    remember_plan(private, files)

    assert recall_plan(request()) is None
    remember_plan(planned, files)
    assert recall_plan(request()) is not None
