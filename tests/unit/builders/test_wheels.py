"""WheelBuilder from the index to the zip, with an index on loopback."""

from __future__ import annotations

import io
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from samples.elf import elf
from samples.index import Index, file_hash, serve
from samples.wheels import ELF_START, WheelSample

from pulumi_poetry_layer.archive.writer import ArchiveSummary, write_archive
from pulumi_poetry_layer.builders import ProjectFiles, make_builder
from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.errors import (
    BuildError,
    DamagedSegmentError,
    DownloadError,
    MultipleInputError,
    PackageFileError,
    PoetryLayerError,
    SubprocessError,
    VerificationError,
    WheelError,
)
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.sources import Sources
from pulumi_poetry_layer.plan.build_plan import BuildPlan, Choice, PlannedPackage
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.locked import LockedFile, LockedSource
from pulumi_poetry_layer.poetry.lockfile import LockedPackage
from pulumi_poetry_layer.wheels import fetch
from pulumi_poetry_layer.wheels.cache import WheelCache
from pulumi_poetry_layer.wheels.path_dependencies import content_digests
from pulumi_poetry_layer.wheels.workers import WheelWorkers

APP = WheelSample(name="app")
LIB = WheelSample(name="lib-two", files={"lib.py": b"import app\n"})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index of a few wheels."""
    with serve(Index(files={sample.file_name: sample.data() for sample in (APP, LIB)})) as served:
        monkeypatch.setenv("NO_PROXY", "*")
        yield served


@pytest.fixture
def index(server: Index, monkeypatch: pytest.MonkeyPatch) -> Index:
    """The same in PyPI's place."""
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


def test_a_layer_is_built_from_an_index(tmp_path: Path, index: Index) -> None:
    """There would be no layer."""
    summary = build(tmp_path, planned(APP, LIB))

    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert {"python/app/__init__.py", "python/lib.py"} <= set(names)
    assert sorted(summary.distributions) == ["app", "lib-two"]
    assert summary.distributions["app"].files == 5


def test_a_warm_cache_needs_no_index(tmp_path: Path, index: Index) -> None:
    """Each build would be as slow as the network."""
    first = build(tmp_path, planned(APP, LIB))
    index.requests.clear()

    assert build(tmp_path, planned(APP, LIB)) == first
    assert not index.requests


def test_a_cold_cache_gives_the_same_bytes(tmp_path: Path, index: Index) -> None:
    """Two machines would publish two layers of one lock file."""
    first = build(tmp_path, planned(APP, LIB))

    assert build(tmp_path, planned(APP, LIB), cache="another") == first


def test_a_damaged_cache_entry_is_fetched_again(tmp_path: Path, index: Index) -> None:
    """Every later build would fail until a user clears the cache."""
    first = build(tmp_path, planned(APP))
    (entry,) = (path for path in (tmp_path / "cache").rglob("sha256-*") if path.suffix != ".lock")
    data = bytearray(entry.read_bytes())
    data[50] ^= 1
    entry.write_bytes(bytes(data))

    with pytest.raises(DamagedSegmentError, match="run the command again"):
        build(tmp_path, planned(APP))
    assert build(tmp_path, planned(APP)) == first


def test_what_another_process_just_added_is_not_downloaded_again(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Builds that start together would each download the same wheels."""
    cache = fetch.add_wheels

    def late(packages: list[PlannedPackage], *arguments: object) -> None:
        cache(packages, *arguments)  # type: ignore[arg-type]
        index.requests.clear()
        cache(packages, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fetch, "add_wheels", late)

    build(tmp_path, planned(APP))

    assert not index.requests


def test_all_problems_are_told_at_once_and_nothing_is_written(tmp_path: Path, index: Index) -> None:
    """A user would fix one after the other."""
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
def test_a_wheel_of_another_distribution_is_refused(tmp_path: Path, index: Index, name: str, version: str) -> None:
    """The layer would hold something else than the plan and the preview say."""
    package = PlannedPackage(name=name, version=version, file=LockedFile(APP.file_name, APP.hash), source=None)
    index.files[f"{name}-x.whl"] = b""
    source = LockedSource(type="url", url=index.url.replace("/simple/", f"/files/{APP.file_name}"))

    with pytest.raises(VerificationError, match=r"holds app 1\.0"):
        build(tmp_path, planned(PlannedPackage(name=name, version=version, file=package.file, source=source)))


def test_versions_are_compared_as_versions(tmp_path: Path, index: Index) -> None:
    """A wheel that spells its version another way than the lock file would be refused."""
    package = PlannedPackage(name="app", version="1.0.0", file=LockedFile(APP.file_name, APP.hash), source=None)

    assert build(tmp_path, planned(package)).distributions["app"].files == 5


def test_native_libraries_for_another_processor_are_refused(tmp_path: Path, index: Index) -> None:
    """The import would fail in the function."""
    sample = WheelSample(name="native", tag="cp312-cp312-linux_x86_64", files={"native.so": ELF_START})
    index.files[sample.file_name] = sample.data()

    with pytest.raises(VerificationError, match="none of them for x86_64") as caught:
        build(tmp_path, planned(sample))
    assert "container" in str(caught.value.hint)
    assert build(tmp_path, planned(sample, architecture="arm64")).size


@pytest.mark.parametrize(
    ("needed", "tag", "problem"),
    [
        ("GLIBC_2.38", "linux_x86_64", "needs glibc 2.38, python3.12 on x86_64 has 2.34"),
        ("GLIBC_2.38", "linux_x86_64.manylinux_2_17_x86_64", "needs glibc 2.38"),
        ("GLIBC_2.34", "linux_x86_64", None),
        ("GLIBC_2.38", "manylinux_2_34_x86_64", None),
    ],
)
def test_a_wheel_of_no_promised_glibc_is_looked_into(
    tmp_path: Path, index: Index, needed: str, tag: str, problem: str | None
) -> None:
    """A wheel that a company built on its newest machine would fail at import with "version `GLIBC_2.38' not found"."""
    libraries = {"native.so": elf("x86_64", "GLIBC_2.2.5", needed), "other.so": elf("aarch64", "GLIBC_2.40")}
    sample = WheelSample(name="native", tag=f"cp312-cp312-{tag}", files=libraries)
    index.files[sample.file_name] = sample.data()

    for _ in range(2):  # from the index, and from the cache
        if problem is None:
            assert build(tmp_path, planned(sample)).size
            continue
        with pytest.raises(VerificationError, match=problem) as caught:
            build(tmp_path, planned(sample))
        assert "manylinux_2_34 or older" in str(caught.value.hint)
        assert not (tmp_path / "layer.zip").exists()


def test_a_hostile_wheel_is_refused_before_it_is_cached(tmp_path: Path, index: Index) -> None:
    """It would be in every later layer."""
    sample = WheelSample(name="evil", extra=[(zipfile.ZipInfo("../evil.py"), b"x")])
    index.files[sample.file_name] = sample.data()

    for _ in range(2):
        with pytest.raises(WheelError):
            build(tmp_path, planned(sample))
    assert not [path for path in (tmp_path / "cache").rglob("sha256-*") if path.suffix != ".lock"]


def test_a_wheel_at_an_address_of_its_own(tmp_path: Path, index: Index) -> None:
    """A dependency on a URL could not be built."""
    source = LockedSource(type="url", url=index.url.replace("/simple/", f"/files/{APP.file_name}"))
    package = PlannedPackage(name="app", version="1.0", file=LockedFile(APP.file_name, APP.hash), source=source)

    assert build(tmp_path, planned(package)).distributions["app"].files == 5


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, index: Index) -> None:
    """A user would see a traceback."""
    (tmp_path / "cache").write_bytes(b"a file where the folder should be")

    with pytest.raises(BuildError, match="cannot be kept in the wheel cache") as caught:
        build(tmp_path, planned(APP))
    assert "PULUMI_POETRY_LAYER_CACHE_DIR" in str(caught.value.hint)


def sdist(setup: str = "", **files: str) -> bytes:
    """A source distribution that setuptools builds."""
    told = {
        "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n',
        "setup.py": f"from setuptools import setup, Extension\nsetup(name='source', version='1.0', {setup})\n",
        "source.py": "a = 1\n" * 100,
        **files,
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in told.items():
            info = tarfile.TarInfo(f"source-1.0/{name}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def source_package(server: Index, data: bytes) -> PlannedPackage:
    """A package that has nothing but a source distribution; what its build needs comes from this host's index."""
    name = "source-1.0.tar.gz"
    server.files[name] = data
    source = LockedSource(type="url", url=server.url.replace("/simple/", f"/files/{name}"))
    return PlannedPackage(name="source", version="1.0", file=LockedFile(name, file_hash(data)), source=source)


def test_a_pure_package_without_a_wheel_is_built(tmp_path: Path, server: Index) -> None:
    """Packages that publish no wheel could not be in a layer; two builds of one would differ."""
    package = source_package(server, sdist("py_modules=['source']"))

    first = build(tmp_path, planned(package))
    second = build(tmp_path, planned(package), cache="another")

    assert first == second
    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        assert archive.read("python/source.py") == b"a = 1\n" * 100
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())


def test_logins_for_builds_are_looked_up_for_builds_alone(
    tmp_path: Path, server: Index, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every build with an empty cache would open the keyring for all sources, and wait for it."""

    def looked_up(*_: object) -> dict[str, str]:
        raise BuildError("looked up")

    monkeypatch.setattr(fetch, "build_variables", looked_up)
    assert build(tmp_path, planned(APP)).size
    with pytest.raises(BuildError, match="looked up"):
        build(tmp_path, planned(source_package(server, sdist("py_modules=['source']"))))


def test_few_packages_are_built_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock file full of sdists would start as many builds, each with an environment of its own, on a laptop."""
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
        raise BuildError("enough was seen", where=label)

    monkeypatch.setattr(fetch, "_BUILDS", 2)
    monkeypatch.setattr(fetch, "build_pure_wheel", build_pure_wheel)
    with ThreadPoolExecutor(8) as threads, WheelWorkers(tmp_path, 0) as workers, ThreadPoolExecutor(1) as downloads:
        source = fetch._WheelFetcher(
            WheelCache(tmp_path), workers, downloads, tmp_path, Sources(), Credentials.of_host(tmp_path, {})
        )
        packages = [PlannedPackage(name=f"p{number}", version="1", file=None, source=None) for number in range(8)]
        built = [threads.submit(source._build, package, tmp_path, tmp_path) for package in packages]
        problems = [one.exception() for one in built]

    assert all(isinstance(problem, BuildError) for problem in problems)
    assert most == 2


def test_a_native_package_without_a_wheel_is_refused(tmp_path: Path, server: Index) -> None:
    """A library for this host would land in the layer."""
    setup = "py_modules=[], ext_modules=[Extension('source', ['source.c'])]"
    code = "void *PyInit_source(void) { return 0; }"
    package = source_package(server, sdist(setup, **{"source.c": code}))

    with pytest.raises(PoetryLayerError) as caught:
        build(tmp_path, planned(package))

    assert isinstance(caught.value, PackageFileError | SubprocessError)
    assert "source 1.0" in str(caught.value)
    assert "container builder" in str(caught.value)


def test_a_failing_build_tells_its_output_and_the_other_builder(tmp_path: Path, server: Index) -> None:
    """A user would not know what is missing."""
    package = source_package(server, sdist("**{}['needs-a-database']"))

    with pytest.raises(SubprocessError, match="needs-a-database") as caught:
        build(tmp_path, planned(package))
    assert "container builder" in str(caught.value.hint)


def test_an_sdist_that_leads_out_of_its_folder_is_refused(tmp_path: Path, server: Index) -> None:
    """It would overwrite files of this host."""
    package = source_package(server, sdist(**{"../../evil": "x"}))

    with pytest.raises(PackageFileError, match="cannot be unpacked"):
        build(tmp_path, planned(package))


def test_a_git_dependency_is_built_from_its_commit(tmp_path: Path) -> None:
    """What is checked out by a branch's name may change under the lock file."""
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


def test_a_folder_of_the_users_is_never_served_stale(tmp_path: Path) -> None:
    """An edit of a library beside the project would not reach the layer, for the cache knows its version."""
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


def build_project(tmp_path: Path, tree: Path) -> None:
    """Build a layer of a folder."""
    source = LockedSource(type="directory", url=tree.relative_to(tmp_path).as_posix())
    locked = LockedPackage(
        name="source", version="1.0", groups=frozenset(), markers={}, files=(), dependencies=(), source=source
    )
    digests = content_digests([locked], tmp_path)
    package = PlannedPackage(name="source", version="1.0", file=None, source=source, digest=digests["source"])
    files = ProjectFiles(pyproject="", lock="", folder=tmp_path)
    with WheelBuilder(cache_dir=str(tmp_path / "cache")).build(planned(package), files) as parts:
        write_archive(parts, tmp_path / "layer.zip")


def test_the_builder_can_be_made_again_from_its_options(tmp_path: Path) -> None:
    """Pulumi's provider process would build with another builder than the program."""
    builder = WheelBuilder(cache_dir=str(tmp_path))

    assert make_builder("wheels", builder.options()).options() == builder.options()
    assert make_builder("wheels").options() == {}
    assert builder.identity == WheelBuilder().identity


def test_a_download_error_is_a_build_error() -> None:
    """The command line would show a traceback."""
    assert issubclass(DownloadError, BuildError)
