"""WheelBuilder from the index to the zip, with an index on this host."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samples.index import Index, file_hash, serve
from samples.wheels import WheelSample

from pulumi_poetry_layer.archive.writer import ArchiveSummary, write_archive
from pulumi_poetry_layer.builders.builder import ProjectFiles
from pulumi_poetry_layer.builders.registry import make_builder
from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.bytecode.compiler import HostCompiler, find_compiler
from pulumi_poetry_layer.errors import (
    BuildError,
    CacheError,
    DamagedSegmentError,
    DownloadError,
    MultipleInputError,
    PackageFileError,
    PoetryLayerError,
    SubprocessError,
    VerificationError,
    WheelError,
)
from pulumi_poetry_layer.host.cache import ClearedCache, clear_cache
from pulumi_poetry_layer.index.client import Downloader, FoundFile
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.sources import Sources
from pulumi_poetry_layer.layer.build import build_planned
from pulumi_poetry_layer.plan.build_plan import BuildPlan, Choice, PlannedPackage
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.locked import LockedFile, LockedSource
from pulumi_poetry_layer.poetry.lockfile import LockedPackage
from pulumi_poetry_layer.wheels import compiled, fetch, from_source
from pulumi_poetry_layer.wheels.cache import WheelCache
from pulumi_poetry_layer.wheels.path_dependencies import content_digests
from pulumi_poetry_layer.wheels.reader import Wheel
from pulumi_poetry_layer.wheels.workers import WheelWorkers

APP = WheelSample(name="app")
LIB = WheelSample(name="lib-two", files={"lib.py": b"import app\n"})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index with a few wheels."""
    with serve(Index(files={sample.file_name: sample.data() for sample in (APP, LIB)})) as served:
        monkeypatch.setenv("NO_PROXY", "*")
        yield served


@pytest.fixture
def index(server: Index, monkeypatch: pytest.MonkeyPatch) -> Index:
    """The same index as the mirror of PyPI."""
    monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", server.url)
    return server


def planned(*packages: PlannedPackage | WheelSample, architecture: str = "x86_64") -> BuildPlan:
    """A plan of these packages."""
    return BuildPlan(
        target=Target("python3.12", architecture),
        builder=WheelBuilder().identity,
        choice=Choice(),
        packages=tuple(_planned(package) if isinstance(package, WheelSample) else package for package in packages),
        excluded=(),
    )


def _planned(sample: WheelSample) -> PlannedPackage:
    file = LockedFile(sample.file_name, sample.hash)
    return PlannedPackage(name=sample.name, version=sample.version, file=file, source=None)


def build(tmp_path: Path, plan: BuildPlan, cache: str = "cache") -> ArchiveSummary:
    """Build a layer."""
    builder = WheelBuilder(cache_dir=str(tmp_path / cache))
    with builder.build(plan, ProjectFiles(pyproject="", lock="")) as parts:
        return write_archive(parts, tmp_path / "layer.zip")


def test_index_that_is_down_is_reported_once_and_not_tried_for_every_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a build without network takes minutes, and prints the same cause for each package."""
    monkeypatch.setattr(fetch, "_DOWNLOADS", 1)
    monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("NO_PROXY", "*")
    attempts: list[str] = []
    find = Downloader.find

    def counted(self: Downloader, package: str, *arguments: Any) -> FoundFile:
        attempts.append(package)
        return find(self, package, *arguments)

    monkeypatch.setattr(Downloader, "find", counted)
    samples = [WheelSample(name=f"lib{number}") for number in range(7)]
    with pytest.raises(MultipleInputError) as caught:
        build(tmp_path, planned(*samples))
    message = str(caught.value)
    where = "lib0 1.0, lib1 1.0, lib2 1.0, lib3 1.0, lib4 1.0 and 2 more"
    assert message.startswith(f"{where}: PyPI (http://127.0.0.1:9/simple) cannot be reached: Connection refused\n")
    assert message.count("hint:") == 1
    assert attempts == ["lib0 1.0"]


def test_layer_has_the_files_of_the_wheels_from_the_index(tmp_path: Path, index: Index) -> None:
    """Otherwise the layer cannot be built, or has missing packages."""
    summary = build(tmp_path, planned(APP, LIB))

    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert {"python/app/__init__.py", "python/lib.py"} <= set(names)
    assert sorted(summary.distributions) == ["app", "lib-two"]
    assert summary.distributions["app"].files == 5


def test_warm_cache_needs_no_index(tmp_path: Path, index: Index) -> None:
    """Otherwise each build is as slow as the network."""
    first = build(tmp_path, planned(APP, LIB))
    index.requests.clear()

    assert build(tmp_path, planned(APP, LIB)) == first
    assert not index.requests


def test_two_caches_give_the_same_bytes(tmp_path: Path, index: Index) -> None:
    """Otherwise two machines publish two different layers from one lock file."""
    first = build(tmp_path, planned(APP, LIB))

    assert build(tmp_path, planned(APP, LIB), cache="another") == first


def entries(cache: Path) -> list[Path]:
    """The segments in a cache."""
    return [path for path in cache.rglob("sha256-*") if path.name == path.stem]


def test_damaged_cache_entries_are_fetched_again_in_the_same_build(tmp_path: Path, index: Index) -> None:
    """Otherwise a build fails because of the cache, or every later build does until the user clears the cache."""
    first = build(tmp_path, planned(APP, LIB))
    for entry in entries(tmp_path / "cache"):
        data = bytearray(entry.read_bytes())
        data[50] ^= 1
        entry.write_bytes(bytes(data))
    index.requests.clear()
    builder = WheelBuilder(cache_dir=str(tmp_path / "cache"))

    for _ in range(2):
        artifact = build_planned(planned(APP, LIB), ProjectFiles(pyproject="", lock=""), builder, tmp_path / "new.zip")
        assert artifact.sha256 == first.sha256
    assert sum(path.startswith("/files/") for path, _ in index.requests) == 2


def test_cache_that_damages_everything_is_an_error(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a build on a broken disk never ends."""
    builder = WheelBuilder(cache_dir=str(tmp_path / "cache"))
    add, writes = WheelCache.add, []

    def add_damaged(cache: WheelCache, key: str, wheel: Wheel, folder: Path | None = None) -> None:
        add(cache, key, wheel, folder)
        writes.append(key)
        (entry,) = entries(tmp_path / "cache")
        entry.write_bytes(b"?" + entry.read_bytes()[1:])

    monkeypatch.setattr(WheelCache, "add", add_damaged)
    with pytest.raises(DamagedSegmentError, match="and so was its replacement"):
        build_planned(planned(APP), ProjectFiles(pyproject="", lock=""), builder, tmp_path / "layer.zip")
    assert len(writes) == 3
    assert not (tmp_path / "layer.zip").exists()


def test_cache_that_is_cleared_during_a_build_does_not_break_it(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise `cache clear` removes wheels that a build has just downloaded, and the build fails."""
    add_wheels = fetch.add_wheels
    cleared: list[ClearedCache] = []

    def add_and_clear(packages: list[PlannedPackage], *arguments: object) -> None:
        add_wheels(packages, *arguments)  # type: ignore[arg-type]
        cleared.append(clear_cache())

    monkeypatch.setattr(fetch, "add_wheels", add_and_clear)
    with WheelBuilder().build(planned(APP), ProjectFiles(pyproject="", lock="")) as segments:
        write_archive(segments, tmp_path / "layer.zip")

    assert [result.files for result in cleared] == [0]
    assert clear_cache().files > 0


def test_wheel_that_another_process_just_added_is_not_downloaded_again(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise builds that start together each download the same wheels."""
    add_wheels = fetch.add_wheels

    def add_twice(packages: list[PlannedPackage], *arguments: object) -> None:
        add_wheels(packages, *arguments)  # type: ignore[arg-type]
        index.requests.clear()
        add_wheels(packages, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fetch, "add_wheels", add_twice)

    build(tmp_path, planned(APP))

    assert not [path for path, _ in index.requests if path.startswith("/files/")]


def test_all_problems_are_reported_together_and_nothing_is_written(tmp_path: Path, index: Index) -> None:
    """Otherwise the user has to fix one problem after the other."""
    missing = PlannedPackage(
        name="gone", version="1", file=LockedFile("gone-1-py3-none-any.whl", "sha256:0"), source=None
    )
    changed = PlannedPackage(name="app", version="1.0", file=LockedFile(APP.file_name, "sha256:0"), source=None)

    with pytest.raises(MultipleInputError) as caught:
        build(tmp_path, planned(missing, changed))

    assert "gone" in str(caught.value)
    assert "a different file than the one that was locked" in str(caught.value)
    assert not (tmp_path / "layer.zip").exists()


@pytest.mark.parametrize(("name", "version"), [("other", "1.0"), ("app", "2.0")])
def test_wheel_of_another_distribution_or_version_is_refused(
    tmp_path: Path, index: Index, name: str, version: str
) -> None:
    """Otherwise the layer contains something else than the preview says."""
    package = PlannedPackage(name=name, version=version, file=LockedFile(APP.file_name, APP.hash), source=None)
    index.files[f"{name}-x.whl"] = b""
    source = LockedSource(type="url", url=index.url.replace("/simple/", f"/files/{APP.file_name}"))

    with pytest.raises(VerificationError, match=rf"contains app 1\.0 instead of {name} {version}"):
        build(tmp_path, planned(PlannedPackage(name=name, version=version, file=package.file, source=source)))


def test_version_in_another_spelling_is_accepted(tmp_path: Path, index: Index) -> None:
    """Otherwise a wheel of version 1.0 is refused if the lock file says 1.0.0."""
    package = PlannedPackage(name="app", version="1.0.0", file=LockedFile(APP.file_name, APP.hash), source=None)

    assert build(tmp_path, planned(package)).distributions["app"].files == 5


def test_wheel_with_a_wrong_record_is_used_and_reported_by_every_build(
    tmp_path: Path, index: Index, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise a package that Poetry installs cannot be in a layer, or only the first build warns of it."""
    sample = WheelSample(name="odd", record={"app/__init__.py": None})
    index.files[sample.file_name] = sample.data()

    for _ in range(2):  # from the index, and from the cache
        caplog.clear()
        assert build(tmp_path, planned(sample)).size
        assert caplog.messages == ["odd 1.0: its RECORD does not list app/__init__.py; the layer has a correct RECORD"]


def test_unsafe_wheel_is_refused_and_not_cached(tmp_path: Path, index: Index) -> None:
    """Otherwise an unsafe wheel gets into every later layer."""
    sample = WheelSample(name="evil", extra=[(zipfile.ZipInfo("../evil.py"), b"x")])
    index.files[sample.file_name] = sample.data()

    for _ in range(2):
        with pytest.raises(WheelError):
            build(tmp_path, planned(sample))
    assert not [path for path in (tmp_path / "cache").rglob("sha256-*") if path.suffix != ".lock"]


def test_wheel_of_a_url_dependency_is_in_the_layer(tmp_path: Path, index: Index) -> None:
    """Otherwise a project with a URL dependency cannot be built."""
    source = LockedSource(type="url", url=index.url.replace("/simple/", f"/files/{APP.file_name}"))
    package = PlannedPackage(name="app", version="1.0", file=LockedFile(APP.file_name, APP.hash), source=source)

    assert build(tmp_path, planned(package)).distributions["app"].files == 5


def test_build_without_a_usable_cache_warns_and_keeps_nothing(
    tmp_path: Path, index: Index, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build would fail where the cache belongs to another user, or where the home folder cannot be written."""
    (tmp_path / "cache").write_bytes(b"a file where the folder should be")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    assert build(tmp_path, planned(APP)) == build(tmp_path, planned(APP), cache="another")

    assert caplog.text.count("the wheel cache cannot be used, so this build keeps nothing") == 1
    assert "Not a directory" in caplog.text
    assert list(temporary.iterdir()) == []


def test_entry_that_cannot_be_read_back_is_an_error(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user would see a traceback if another program removes an entry."""
    monkeypatch.setattr(WheelCache, "find", lambda *_: None)

    with pytest.raises(CacheError, match="was added to the wheel cache, but cannot be read there") as caught:
        build(tmp_path, planned(APP))
    assert "cache clear" in str(caught.value.hint)


def sdist(setup: str = "", **files: str) -> bytes:
    """A source distribution that setuptools builds."""
    texts = {
        "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n',
        "setup.py": f"from setuptools import setup, Extension\nsetup(name='source', version='1.0', {setup})\n",
        "source.py": "a = 1\n" * 100,
        **files,
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in texts.items():
            info = tarfile.TarInfo(f"source-1.0/{name}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def source_package(server: Index, data: bytes) -> PlannedPackage:
    """A package that has only an sdist. Its build requirements come from the index that pip is configured with."""
    name = "source-1.0.tar.gz"
    server.files[name] = data
    source = LockedSource(type="url", url=server.url.replace("/simple/", f"/files/{name}"))
    return PlannedPackage(name="source", version="1.0", file=LockedFile(name, file_hash(data)), source=source)


def test_pure_package_without_a_wheel_is_built_with_the_same_bytes_each_time(tmp_path: Path, server: Index) -> None:
    """Otherwise packages without wheels cannot be in a layer, or two builds differ."""
    package = source_package(server, sdist("py_modules=['source']"))

    first = build(tmp_path, planned(package))
    second = build(tmp_path, planned(package), cache="another")

    assert first == second
    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        assert archive.read("python/source.py") == b"a = 1\n" * 100
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())


def test_logins_for_build_requirements_are_not_looked_up_for_wheels(
    tmp_path: Path, server: Index, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise every build with an empty cache opens the keyring for all sources, and waits for it."""

    def looked_up(*_: object) -> dict[str, str]:
        raise BuildError("looked up")

    monkeypatch.setattr(fetch, "build_variables", looked_up)
    assert build(tmp_path, planned(APP)).size
    with pytest.raises(BuildError, match="looked up"):
        build(tmp_path, planned(source_package(server, sdist("py_modules=['source']"))))


def test_number_of_builds_at_the_same_time_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a lock file with many sdists overloads a laptop with as many builds."""
    running: set[str] = set()
    most = 0
    two = threading.Barrier(2, timeout=60)  # each build waits until another one runs beside it

    def build_pure_wheel(_tree: Path, _folder: Path, label: str, _variables: object) -> None:
        nonlocal most
        running.add(label)
        two.wait()
        most = max(most, len(running))
        two.wait()
        running.remove(label)
        raise BuildError("not built in this test", where=label)

    monkeypatch.setattr(fetch, "_BUILDS", 2)
    monkeypatch.setattr(fetch, "build_pure_wheel", build_pure_wheel)
    with ThreadPoolExecutor(8) as threads, WheelWorkers(tmp_path, 0) as workers, ThreadPoolExecutor(1) as downloads:
        fetcher = fetch._WheelFetcher(
            WheelCache(tmp_path), workers, downloads, tmp_path, Sources(), Credentials.of_host(tmp_path, {})
        )
        packages = [PlannedPackage(name=f"p{number}", version="1", file=None, source=None) for number in range(8)]
        builds = [threads.submit(fetcher._build, package, tmp_path, tmp_path) for package in packages]
        problems = [build.exception() for build in builds]

    assert all(isinstance(problem, BuildError) for problem in problems)
    assert most == 2


def test_native_package_without_a_wheel_is_refused(tmp_path: Path, server: Index) -> None:
    """Otherwise a library for this host gets into the layer."""
    setup = "py_modules=[], ext_modules=[Extension('source', ['source.c'])]"
    code = "void *PyInit_source(void) { return 0; }"
    package = source_package(server, sdist(setup, **{"source.c": code}))

    with pytest.raises(PoetryLayerError) as caught:
        build(tmp_path, planned(package))

    assert isinstance(caught.value, PackageFileError | SubprocessError)
    assert "source 1.0" in str(caught.value)
    assert "container builder" in str(caught.value)


def test_failed_build_of_an_sdist_reports_its_output_and_the_container_builder(tmp_path: Path, server: Index) -> None:
    """Otherwise the user does not know what is missing, or what to do."""
    package = source_package(server, sdist("**{}['needs-a-database']"))

    with pytest.raises(SubprocessError, match="needs-a-database") as caught:
        build(tmp_path, planned(package))
    assert "container builder" in str(caught.value.hint)


def test_sdist_with_a_path_outside_of_its_folder_is_refused(tmp_path: Path, server: Index) -> None:
    """Otherwise it can overwrite files of this host."""
    package = source_package(server, sdist(**{"../../evil": "x"}))

    with pytest.raises(PackageFileError, match="cannot be unpacked"):
        build(tmp_path, planned(package))


def test_git_dependency_is_built_from_its_locked_commit(tmp_path: Path) -> None:
    """Otherwise the layer has the newest commit of the branch, not the locked one."""
    repository = tmp_path / "repository" / "package"
    repository.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(sdist("py_modules=['source']"))) as project:
        for info in project:
            file = project.extractfile(info)
            assert file is not None
            (repository / Path(info.name).name).write_bytes(file.read())

    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.invalid", *arguments]
        return subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet", str(repository.parent))
    git("add", ".")
    git("commit", "--quiet", "-m", "first")
    commit = git("rev-parse", "HEAD")
    (repository / "source.py").write_text("changed = True\n")
    git("commit", "--quiet", "-am", "second")
    source = LockedSource(
        type="git", url=str(repository.parent), reference="main", resolved_reference=commit, subdirectory="package"
    )

    build(tmp_path, planned(PlannedPackage(name="source", version="1.0", file=None, source=source)))

    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        assert archive.read("python/source.py") == b"a = 1\n" * 100


def git_repository(folder: Path) -> Callable[..., str]:
    """A repository with the sample sdist as its one commit; returns git in it."""
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(sdist("py_modules=['source']"))) as project:
        for info in project:
            file = project.extractfile(info)
            assert file is not None
            (folder / Path(info.name).name).write_bytes(file.read())

    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.invalid", *arguments]
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "-m", "first")
    return git


@pytest.mark.parametrize("kept_by", ["pull request", "nothing"])
def test_commit_that_no_branch_holds_is_fetched(tmp_path: Path, kept_by: str) -> None:
    """Otherwise a layer cannot be built from a pull request, or after a forced push."""
    repository = tmp_path / "repository"
    git = git_repository(repository)
    (repository / "source.py").write_text("pull_request = True\n")
    git("commit", "--quiet", "-am", "second")
    commit = git("rev-parse", "HEAD")
    if kept_by == "pull request":
        git("update-ref", "refs/pull/1/head", commit)
    git("reset", "--quiet", "--hard", "HEAD~1")
    url = repository.as_uri()  # not a path: git would copy all objects of a folder
    source = LockedSource(type="git", url=url, reference="refs/pull/1/head", resolved_reference=commit)

    build(tmp_path, planned(PlannedPackage(name="source", version="1.0", file=None, source=source)))

    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        assert archive.read("python/source.py") == b"pull_request = True\n"


@pytest.mark.parametrize(
    ("tag", "accepted"), [("py3", True), ("py312", True), ("py311", True), ("py2.py3", True), ("py313", False)]
)
def test_pure_wheel_for_the_python_of_the_target_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tag: str, accepted: bool
) -> None:
    """Otherwise a package whose build names its Python version cannot be in a layer."""
    built = WheelSample(name="source", tag=f"{tag}-none-any")

    def run(_program: object, arguments: list[str], **_: object) -> str:
        folder = Path(arguments[arguments.index("--outdir") + 1])
        folder.mkdir(exist_ok=True)
        (folder / built.file_name).write_bytes(built.data())
        return ""

    monkeypatch.setattr(from_source, "run", run)
    monkeypatch.setattr(fetch, "check_out", lambda _package, folder: folder)
    source = LockedSource(type="git", url="https://host.invalid/a.git", resolved_reference="0" * 40)
    package = PlannedPackage(name="source", version="1.0", file=None, source=source)
    for _ in range(2):  # built, and from the cache
        if accepted:
            assert build(tmp_path, planned(package)).size
            continue
        with pytest.raises(VerificationError, match=r"is for py313, not for python3\.12"):
            build(tmp_path, planned(package))


def test_version_of_a_built_package_may_differ_from_the_locked_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise a package that takes its version from git, and is locked as 0.0.0, cannot be in a layer."""
    git = git_repository(tmp_path / "repository")
    source = LockedSource(type="git", url=str(tmp_path / "repository"), resolved_reference=git("rev-parse", "HEAD"))

    build(tmp_path, planned(PlannedPackage(name="source", version="0.0.0", file=None, source=source)))

    assert caplog.messages == ["source 0.0.0: its build gave version 1.0; run `poetry lock` to lock that version"]


def test_edited_path_dependency_is_built_again_and_names_no_path_of_this_host(tmp_path: Path) -> None:
    """Otherwise an edit of a library does not reach the layer, because its version is in the cache."""
    (tmp_path / "source").mkdir()
    with tarfile.open(fileobj=io.BytesIO(sdist("py_modules=['source']"))) as project:
        project.extractall(tmp_path, filter="data")
    (tree,) = (path.parent for path in tmp_path.rglob("setup.py"))
    for text in (b"a = 1\n", b"a = 2\n"):
        (tree / "source.py").write_bytes(text)
        build_project(tmp_path, tree)
        with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
            assert archive.read("python/source.py") == text
            content = b"".join(archive.read(name) for name in archive.namelist())
        assert str(tmp_path).encode() not in content


def test_library_with_a_version_from_git_and_a_readme_above_it_is_built(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise a library of a monorepo that Poetry installs cannot be in a layer."""
    git = git_repository(tmp_path / "repository")
    tree = tmp_path / "repository" / "libs" / "source"
    tree.mkdir(parents=True)
    (tree / "source.py").write_text("a = 1\n")
    (tree.parents[1] / "README.md").write_text("# Read me\n")
    (tree / "setup.py").write_text(
        "from setuptools import setup\n"
        "setup(name='source', py_modules=['source'], use_scm_version={'root': '../..'}, "
        "long_description=open('../../README.md').read())\n"
    )
    (tree / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools", "setuptools-scm"]\nbuild-backend = "setuptools.build_meta"\n'
    )
    git("add", ".")
    git("commit", "--quiet", "-m", "second")
    git("tag", "v2.3.0")

    build_project(tmp_path, tree)

    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        metadata = archive.read("python/source-2.3.0.dist-info/METADATA").decode()
    assert "# Read me" in metadata
    assert caplog.messages == ["source 1.0: its build gave version 2.3.0; run `poetry lock` to lock that version"]


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": "[project]\nname = 'source'\nversion = '1.0'\n"},
        {"setup.py": "from setuptools import setup\nsetup(name='source', version='1.0', py_modules=['source'])\n"},
        {"setup.cfg": "[metadata]\nname = source\nversion = 1.0\n[options]\npy_modules = source\n"},
    ],
)
def test_folder_without_a_build_system_is_built_with_setuptools(tmp_path: Path, files: dict[str, str]) -> None:
    """Otherwise an old library that Poetry installs cannot be in a layer."""
    tree = tmp_path / "library"
    tree.mkdir()
    for name, text in {"source.py": "a = 1\n", **files}.items():
        (tree / name).write_text(text)

    build_project(tmp_path, tree)

    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        assert archive.read("python/source.py") == b"a = 1\n"
    assert {path.name for path in tree.iterdir()} == {"source.py", *files}


@pytest.mark.parametrize("file_name", ["source-1.0-py3-none-any.whl", "source-1.0.tar.gz"])
def test_wheel_or_sdist_beside_the_project_is_in_the_layer(tmp_path: Path, file_name: str) -> None:
    """Otherwise a vendored file cannot be used."""
    wheel = WheelSample(name="source", files={"source.py": b"a = 1\n" * 100})
    data = wheel.data() if file_name == wheel.file_name else sdist("py_modules=['source']")
    (tmp_path / file_name).write_bytes(data)

    build_project(tmp_path, tmp_path / file_name)

    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        assert archive.read("python/source.py") == b"a = 1\n" * 100


def build_project(tmp_path: Path, path: Path) -> None:
    """Build a layer with a path dependency, a folder or a file."""
    url = path.relative_to(tmp_path).as_posix()
    source = LockedSource(type="directory" if path.is_dir() else "file", url=url)
    locked = LockedPackage(
        name="source", version="1.0", groups=frozenset(), markers={}, files=(), dependencies=(), source=source
    )
    digests = content_digests([locked], tmp_path)
    package = PlannedPackage(name="source", version="1.0", file=None, source=source, digest=digests["source"])
    files = ProjectFiles(pyproject="", lock="", folder=tmp_path)
    with WheelBuilder(cache_dir=str(tmp_path / "cache")).build(planned(package), files) as parts:
        write_archive(parts, tmp_path / "layer.zip")


def test_options_make_the_same_builder_again(tmp_path: Path) -> None:
    """Otherwise Pulumi's provider process builds with another cache than the program."""
    builder = WheelBuilder(cache_dir=str(tmp_path))

    assert make_builder("wheels", builder.options()).options() == builder.options()
    assert make_builder("wheels").options() == {}
    assert builder.identity == WheelBuilder().identity


def test_download_error_is_a_build_error() -> None:
    """Otherwise the command line shows a traceback."""
    assert issubclass(DownloadError, BuildError)


def test_warm_build_removes_what_a_killed_build_has_left_in_the_cache(tmp_path: Path, index: Index) -> None:
    """Folders of killed builds would stay in the cache until a wheel is added to it."""
    build(tmp_path, planned(APP))
    (folder,) = {path.parent for path in (tmp_path / "cache").rglob("sha256-*")}
    kept = sorted(folder.iterdir())
    (folder / ".adding-left").mkdir()
    (folder / ".adding-left" / "downloaded").write_bytes(b"half")
    (folder / ".poetry-layer-tmp-left").write_bytes(b"half")
    (folder / ".x.lock.owner").write_text("process 1 on a")

    build(tmp_path, planned(APP))

    assert sorted(path for path in folder.iterdir() if path.name != "x.lock") == kept


def compiled_plan(*samples: WheelSample, release: str | None = None) -> BuildPlan:
    """A plan with compiled modules for the running Python."""
    version = "{}.{}".format(*sys.version_info[:2])
    return replace(planned(*samples), target=Target(f"python{version}", "x86_64"), bytecode=release or version)


def contents(path: Path) -> dict[str, bytes]:
    """Name → content of the files in a zip."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_layer_with_bytecode_has_the_same_files_and_compiled_modules(tmp_path: Path, index: Index) -> None:
    """Otherwise each cold start compiles the packages."""
    build(tmp_path, planned(APP, LIB))
    plain = contents(tmp_path / "layer.zip")

    build(tmp_path, compiled_plan(APP, LIB))

    found = contents(tmp_path / "layer.zip")
    tag = "cpython-{}{}".format(*sys.version_info[:2])
    added = {f"python/app/__pycache__/__init__.{tag}.pyc", f"python/__pycache__/lib.{tag}.pyc"}
    added |= {f"python/{stem}.dist-info/BYTECODE" for stem in (APP.stem, LIB.stem)}
    assert found.keys() - plain.keys() == added
    for name, data in plain.items():
        assert name.endswith("/RECORD") or found[name] == data


def test_compiled_modules_are_cached(tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise every build takes as long as compiling does."""
    plan = compiled_plan(APP, LIB)
    first = build(tmp_path, plan)
    index.requests.clear()
    monkeypatch.setattr(compiled, "add_bytecode", None)

    assert build(tmp_path, plan) == first
    assert not index.requests


def test_bytecode_is_the_same_with_another_cache_and_after_a_build_without_it(tmp_path: Path, index: Index) -> None:
    """Otherwise two machines publish different layers from one lock file."""
    plan = compiled_plan(APP, LIB)
    first = build(tmp_path, plan)
    build(tmp_path, replace(plan, bytecode=None), cache="another")
    build(tmp_path, replace(plan, packages=plan.packages[:1]), cache="another")
    index.requests.clear()
    assert build(tmp_path, plan, cache="another") == first
    assert not index.requests


def test_other_release_compiles_again(tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes differ, so a build with a pinned release would not have that release."""
    first = build(tmp_path, compiled_plan(APP))
    compiler = find_compiler("{}.{}".format(*sys.version_info[:2]))
    other = HostCompiler(compiler._program, "3.99.1")
    monkeypatch.setattr("pulumi_poetry_layer.bytecode.compiler.find_compiler", lambda _: other)
    assert build(tmp_path, compiled_plan(APP)) != first
    assert contents(tmp_path / "layer.zip")[f"python/{APP.stem}.dist-info/BYTECODE"] == b"cpython 3.99.1\n"


@pytest.mark.parametrize("which", ["plain", "compiled"])
def test_damaged_wheel_is_not_compiled_and_not_published(tmp_path: Path, index: Index, which: str) -> None:
    """A damaged entry of the cache would get a valid checksum when it is copied."""
    plan, files = compiled_plan(APP), ProjectFiles(pyproject="", lock="")
    first = build(tmp_path, plan)
    build(tmp_path, replace(plan, bytecode=None), cache="another")
    if which == "compiled":
        build(tmp_path, plan, cache="another")
    for entry in entries(tmp_path / "another"):
        data = bytearray(entry.read_bytes())
        data[50] ^= 1
        entry.write_bytes(bytes(data))
    builder = WheelBuilder(cache_dir=str(tmp_path / "another"))
    assert build_planned(plan, files, builder, tmp_path / "new.zip").sha256 == first.sha256


def test_bytecode_without_a_usable_cache_is_the_same(tmp_path: Path, index: Index) -> None:
    """Otherwise a read-only home folder makes a build impossible."""
    first = build(tmp_path, compiled_plan(APP))
    (tmp_path / "file").write_text("")
    assert build(tmp_path, compiled_plan(APP), cache="file/cache") == first
