"""ContainerBuilder with a real Docker daemon: the layers it builds, what it leaves behind, and its errors."""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import pytest
import tomli_w
from pypi_simple import PYPI_SIMPLE_ENDPOINT
from samples import Package, lock_text
from samples.index import Index, file_hash, serve
from samples.sources import made_tree, maker, sdist_of, source_tree
from samples.wheels import WheelSample

from pulumi_poetry_layer import ContainerBuilder, LayerArtifact, build_layer
from pulumi_poetry_layer.builders.container.container import ContainerLimits, start_container
from pulumi_poetry_layer.builders.container.daemon import LABEL
from pulumi_poetry_layer.builders.container.image import REPOSITORY
from pulumi_poetry_layer.builders.registry import make_builder
from pulumi_poetry_layer.errors import ContainerError, HostError, SubprocessError

from .harness.containers import IMAGE, NETWORK, connect_to_docker, remove_while_running, running_builds
from .harness.one_layer import PROJECTS, UNREACHABLE
from .harness.private_index import PASSWORD, USER, private_index

FIXTURES = Path(__file__).parents[2] / "benchmarks" / "fixtures"
RUNTIMES = ("python3.11", "python3.13")
OUTPUT_LOGGER = "pulumi_poetry_layer.builders.container.container"

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    """The real daemon."""
    found = connect_to_docker()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def indexes(monkeypatch: pytest.MonkeyPatch, client: docker.DockerClient) -> None:
    """Let packages come from the simple API only, as behind a company's proxy."""
    monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", PYPI_SIMPLE_ENDPOINT)


def build(project: Path, output: Path, runtime: str = "python3.11", **options: str) -> LayerArtifact:
    """Build a project's layer."""
    builder = make_builder("container", {"network": NETWORK, **options})
    return build_layer(project_dir=project, runtime=runtime, builder=builder, output=output)


def contents(layer: Path) -> dict[str, bytes]:
    """Name → content of every file in a layer."""
    with zipfile.ZipFile(layer) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_python_of_the_image_compiles_the_modules(tmp_path: Path) -> None:
    """Otherwise a layer for a Python that this machine does not have cannot have bytecode."""
    plain = build(PROJECTS / "base", tmp_path / "plain.zip")
    builder = make_builder("container", {"network": NETWORK})
    arguments = {"project_dir": PROJECTS / "base", "runtime": "python3.11", "builder": builder}
    first = build_layer(**arguments, bytecode=True, output=tmp_path / "1.zip")  # type: ignore[arg-type]
    again = build_layer(**arguments, bytecode=True, output=tmp_path / "2.zip")  # type: ignore[arg-type]

    assert first.sha256 == again.sha256
    assert first.bytecode
    assert first.bytecode.startswith("3.11.")
    assert plain.bytecode is None
    before, after = contents(plain.path), contents(first.path)
    added = after.keys() - before.keys()
    assert {"python/__pycache__/six.cpython-311.pyc", "python/idna/__pycache__/core.cpython-311.pyc"} <= added
    assert {data for name, data in after.items() if name.endswith("/BYTECODE")} == {
        f"cpython {first.bytecode}\n".encode()
    }
    assert all(after[name] == data for name, data in before.items() if not name.endswith("/RECORD"))
    with pytest.raises(HostError, match=r"needs CPython 3\.11\.99, and the Python of the build image is"):
        build_layer(**arguments, bytecode="3.11.99", output=tmp_path / "3.zip")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("project", "runtime"),
    [
        (PROJECTS / "base", "python3.11"),
        (FIXTURES / "small", "python3.11"),
        (FIXTURES / "small", "python3.13"),
        (FIXTURES / "medium", "python3.13"),
        # medium locks a numpy that has no wheel for python3.11's glibc; this project has as many native packages
        (PROJECTS.parent / "differential" / "projects" / "native", "python3.11"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_layer_has_the_same_files_as_with_the_wheels_builder(tmp_path: Path, project: Path, runtime: str) -> None:
    """Otherwise a team that changes the builder publishes other packages than it tested."""
    built = build(project, tmp_path / "container.zip", runtime)
    other = build_layer(project_dir=project, runtime=runtime, builder="wheels", output=tmp_path / "wheels.zip")
    assert contents(built.path) == contents(other.path)
    assert built.sha256 == hashlib.sha256(built.path.read_bytes()).hexdigest()
    assert built.fingerprint != other.fingerprint


def test_file_that_another_package_has_overwritten_is_restored(tmp_path: Path) -> None:
    """Otherwise two builds of one layer differ: Poetry installs several packages at once, and the slowest one wins."""
    slow = source_tree("aaa", {"tests/a.py": "of aaa", "aaa.py": ""})
    (tmp_path / "aaa").mkdir()
    for name, text in slow.items():
        (tmp_path / "aaa" / name).write_text(text)
    fast = WheelSample(name="zzz", files={"tests/a.py": b"of zzz", "zzz.py": b""})
    (tmp_path / fast.file_name).write_bytes(fast.data())
    paths = {"aaa": {"path": "../aaa"}, "zzz": {"path": f"../{fast.file_name}"}}
    pyproject = tomli_w.dumps({"tool": {"poetry": {"package-mode": False, "dependencies": paths}}})
    packages = [
        Package(name="aaa", files=[], source={"type": "directory", "url": "../aaa"}),
        Package(
            name="zzz",
            source={"type": "file", "url": f"../{fast.file_name}"},
            other_keys={"files": [{"file": fast.file_name, "hash": fast.hash}]},
        ),
    ]
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(pyproject)
    (project / "poetry.lock").write_text(lock_text(pyproject, packages))

    built = contents(build(project, tmp_path / "container.zip").path)

    assert built["python/tests/a.py"] == b"of zzz"
    other = build_layer(project_dir=project, runtime="python3.11", builder="wheels", output=tmp_path / "wheels.zip")
    assert built == contents(other.path)


def test_settings_of_poetry_and_odd_locks_give_the_same_layer_as_with_the_wheels_builder(tmp_path: Path) -> None:
    """Otherwise a team that changes the builder gets another file, another build or another version of a package."""
    made = WheelSample(name="made", files={"made.py": b"maker = None\n"})
    low = [WheelSample(name="low", version=version, files={"low.py": version.encode()}) for version in ("1.0", "2.0")]
    files = {wheel.file_name: wheel.data() for wheel in (made, *low, maker("1.0"), maker("2.0"))}
    files["made-1.0.tar.gz"] = sdist_of("made", made_tree("made"))
    project = tmp_path / "project"
    project.mkdir()
    with serve(Index(files=files, hashes=True)) as index:
        poetry = {
            "package-mode": False,
            "dependencies": {"made": "*", "low": "<2"},
            "source": [{"name": "inner", "url": index.url}],
            "build-constraints": {"made": {"maker": "^1"}},
        }
        source = {"type": "legacy", "url": index.url.rstrip("/"), "reference": "inner"}
        packages = [
            Package(
                name=name,
                version=version,
                source=source,
                other_keys={
                    "files": [
                        {"file": file, "hash": file_hash(data)}
                        for file, data in files.items()
                        if file.startswith(f"{name}-{version}")
                    ]
                },
            )
            for name, version in (("low", "1.0"), ("low", "2.0"), ("made", "1.0"))
        ]
        pyproject = tomli_w.dumps({"tool": {"poetry": poetry}})
        (project / "pyproject.toml").write_text(pyproject)
        (project / "poetry.lock").write_text(lock_text(pyproject, packages))
        (project / "poetry.toml").write_text('[installer]\nno-binary = ["made"]\n')
        built = contents(build(project, tmp_path / "container.zip").path)
        other = build_layer(project_dir=project, runtime="python3.11", builder="wheels", output=tmp_path / "wheels.zip")

    assert built == contents(other.path)
    assert built["python/made.py"] == b"maker = '1.0'\n"
    assert built["python/low.py"] == b"1.0"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_sdist_with_c_code_is_compiled_for_the_runtime_and_imports_there(
    client: docker.DockerClient, tmp_path: Path, runtime: str
) -> None:
    """Otherwise a package without a wheel for Lambda fails to import in AWS, or cannot be used at all."""
    layer = build(PROJECTS / "compiled", tmp_path / "layer.zip", runtime).path
    (native,) = [name for name in contents(layer) if name.endswith(".so")]
    assert f"cpython-{runtime.removeprefix('python').replace('.', '')}-x86_64" in native
    imports = "import sys; sys.path.append('/opt/python'); import markupsafe._speedups as m; print(m.__file__)"
    image = client.images.get(IMAGE.format(runtime, "x86_64")).id
    with start_container(client, str(image), ContainerLimits(network=NETWORK, timeout=600)) as container:
        container.write("/layer", {"layer.zip": layer.read_bytes()})
        for arguments in (["-m", "zipfile", "-e", "/layer/layer.zip", "/opt"], ["-I", "-c", imports]):
            container.run([runtime, *arguments], environment={})


def test_second_build_is_byte_identical_and_does_not_install_poetry(
    client: docker.DockerClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise every machine publishes another layer version, and every build waits for pip."""
    first = build(PROJECTS / "compiled", tmp_path / "1.zip")
    images = {image.id for image in client.images.list(REPOSITORY)}
    with caplog.at_level(logging.INFO, "pulumi_poetry_layer"):
        second = build(PROJECTS / "compiled", tmp_path / "2.zip")
    assert first.path.read_bytes() == second.path.read_bytes()
    assert {image.id for image in client.images.list(REPOSITORY)} == images
    assert "installing poetry" not in caplog.text


def arm64_programs_run() -> bool:
    """Whether emulation of arm64 is installed and enabled on this machine."""
    handler = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")
    return handler.exists() and handler.read_text().startswith("enabled")


def test_arm64_layer_is_built_with_emulation_and_refused_with_a_hint_without_it(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    """Otherwise an arm64 layer contains x86_64 files, or the error says only `exec format error`."""
    builder = ContainerBuilder(network=NETWORK)
    arguments = {"project_dir": PROJECTS / "base", "runtime": "python3.11", "builder": builder}
    if client.version()["Arch"] != "arm64" and not arm64_programs_run():
        with pytest.raises(HostError, match="binfmt"):
            build_layer(**arguments, architecture="arm64", output=tmp_path / "arm64.zip")  # type: ignore[arg-type]
        return
    arm64 = build_layer(**arguments, architecture="arm64", output=tmp_path / "arm64.zip")  # type: ignore[arg-type]
    x86_64 = build_layer(**arguments, output=tmp_path / "x86_64.zip")  # type: ignore[arg-type]
    assert contents(arm64.path) == contents(x86_64.path)  # no package of the project has native files
    assert arm64.fingerprint != x86_64.fingerprint


class _Spy(logging.Handler):
    """Inspects the running containers of builds when the first line of output arrives."""

    def __init__(self, client: docker.DockerClient) -> None:
        super().__init__()
        self._client = client
        self.inspected: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not self.inspected and "Installing" in record.getMessage():
            self.inspected = [
                json.dumps(self._client.api.inspect_container(id_)) for id_ in running_builds(self._client)
            ]


@pytest.fixture
def spy(client: docker.DockerClient) -> Iterator[_Spy]:
    """What ``docker inspect`` shows while a build runs."""
    spy = _Spy(client)
    logger = logging.getLogger(OUTPUT_LOGGER)
    logger.addHandler(spy)
    logger.setLevel(logging.INFO)
    yield spy
    logger.removeHandler(spy)
    logger.setLevel(logging.NOTSET)


def test_login_for_a_private_index_is_not_in_containers_images_and_layer(
    client: docker.DockerClient, spy: _Spy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise everyone who may use Docker can read the password of the index. Output must arrive during the build."""
    monkeypatch.setenv("POETRY_HTTP_BASIC_INNER_USERNAME", USER)
    monkeypatch.setenv("POETRY_HTTP_BASIC_INNER_PASSWORD", PASSWORD)
    with private_index() as index:
        layer = build(index.write_project(tmp_path / "service"), tmp_path / "layer.zip").path
    assert contents(layer)["python/inner_package.py"] == b"SECRET_SAUCE = 1\n"
    assert spy.inspected, "no output arrived while a container was running"
    images = [json.dumps(image.attrs) for image in client.images.list(REPOSITORY)]
    for text in (*spy.inspected, *images, *map(repr, contents(layer).values())):
        assert USER not in text
        assert PASSWORD not in text


def test_refused_password_is_not_in_the_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a password that has expired, or belongs to another index, is in the log of the deployment."""
    monkeypatch.setenv("POETRY_HTTP_BASIC_INNER_USERNAME", USER)
    monkeypatch.setenv("POETRY_HTTP_BASIC_INNER_PASSWORD", "sturgeon-of-inner")
    with private_index() as index, pytest.raises(SubprocessError) as caught:
        build(index.write_project(tmp_path / "service"), tmp_path / "layer.zip")
    assert index.refused
    assert "sturgeon-of-inner" not in str(caught.value)
    assert USER not in str(caught.value)


def test_two_layers_are_built_at_the_same_time(tmp_path: Path) -> None:
    """Otherwise a program with two layers fails because a container name is in use, or mixes up the layers."""
    with ThreadPoolExecutor() as pool:
        base = pool.submit(build, PROJECTS / "base", tmp_path / "base.zip")
        compiled = pool.submit(build, PROJECTS / "compiled", tmp_path / "compiled.zip")
    assert {package.name for package in base.result().packages} == {"idna", "six"}
    assert {package.name for package in compiled.result().packages} == {"markupsafe", "six"}


def test_container_left_by_a_killed_daemon_is_removed_by_the_next_build(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    """Otherwise containers accumulate until the disk is full."""
    image = client.images.get(IMAGE.format("python3.11", "x86_64"))
    labels = {LABEL: "build"}
    leftover = client.containers.create(image, ["true"], labels=labels, network_mode="none")
    leftover.start()
    leftover.wait()
    build(PROJECTS / "base", tmp_path / "layer.zip")
    assert not client.api.containers(all=True, filters={"id": leftover.id})


def test_failure_of_poetry_reports_its_output_and_leaves_no_container(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    """Otherwise the user sees only an exit code, and has to remove a container."""
    before = running_builds(client)
    with pytest.MonkeyPatch.context() as patch:
        build(PROJECTS / "base", tmp_path / "warm.zip")
        patch.setenv("POETRY_PYPI_MIRROR_URL", UNREACHABLE)
        with pytest.raises(SubprocessError) as caught:
            build(PROJECTS / "package_changed", tmp_path / "layer.zip")
    assert "`poetry install --no-root --only=main" in str(caught.value)
    assert "127.0.0.1" in str(caught.value), "Poetry's output must reach the user"
    assert not (tmp_path / "layer.zip").exists()
    assert running_builds(client) <= before


def test_build_that_takes_longer_than_the_timeout_is_stopped(client: docker.DockerClient, tmp_path: Path) -> None:
    """Otherwise an index that does not answer blocks a deployment forever."""
    build(PROJECTS / "base", tmp_path / "warm.zip")
    with pytest.raises(ContainerError, match=r"longer than 0\.3 seconds") as caught:
        build(PROJECTS / "base", tmp_path / "layer.zip", timeout="0.3")
    assert "timeout=" in str(caught.value.hint)
    assert not (tmp_path / "layer.zip").exists()


def test_killed_program_is_reported_with_a_hint_about_memory(client: docker.DockerClient) -> None:
    """Otherwise a build that runs out of memory looks like a failure of Poetry."""
    image = str(client.images.get(IMAGE.format("python3.11", "x86_64")).id)
    with (
        start_container(client, image, ContainerLimits(network=NETWORK, timeout=600)) as container,
        pytest.raises(ContainerError, match="was killed") as caught,
    ):
        container.run(["sh", "-c", "echo so far; kill -9 $$"], environment={})
    assert "so far" in str(caught.value)
    assert "memory" in str(caught.value.hint)


def test_removed_container_is_an_error_that_names_the_running_program(client: docker.DockerClient) -> None:
    """Otherwise the user sees a traceback when someone else removes the container."""
    image = str(client.images.get(IMAGE.format("python3.11", "x86_64")).id)
    before = running_builds(client)
    with start_container(client, image, ContainerLimits(network=NETWORK, timeout=600)) as container:
        (container_id,) = running_builds(client) - before
        remover = threading.Thread(target=remove_while_running, args=(client, container_id, "sleep 600"))
        remover.start()
        with pytest.raises(ContainerError, match="the container ended while `sleep 600` was running"):
            container.run(["sleep", "600"], environment={})
        remover.join()


def test_image_without_the_python_of_the_runtime_is_refused(tmp_path: Path) -> None:
    """Otherwise a wrong image= makes a layer for another runtime, or an error that does not name the cause."""
    with pytest.raises(ContainerError, match=r"the image has no python3\.11") as caught:
        build(PROJECTS / "base", tmp_path / "layer.zip", image=IMAGE.format("python3.13", "x86_64"))
    assert "image=" in str(caught.value.hint)


def test_image_that_cannot_be_pulled_is_named_in_the_error(tmp_path: Path) -> None:
    """Otherwise a typo in image= looks like a failure of Docker."""
    with pytest.raises((ContainerError, HostError)) as caught:
        build(PROJECTS / "base", tmp_path / "layer.zip", image="localhost:9/no/such-image:1.2")
    assert "localhost:9/no/such-image:1.2" in str(caught.value)
    assert caught.value.hint


def test_image_for_another_architecture_is_refused(client: docker.DockerClient, tmp_path: Path) -> None:
    """Otherwise an arm64 function gets x86_64 files."""
    reference = "localhost:9/pulumi-poetry-layer-test:x86_64"
    client.images.get(IMAGE.format("python3.11", "x86_64")).tag(reference)
    try:
        with pytest.raises((HostError, ContainerError)) as caught:
            build_layer(
                project_dir=PROJECTS / "base",
                runtime="python3.11",
                architecture="arm64",
                builder=ContainerBuilder(image=reference, network=NETWORK),
                output=tmp_path / "layer.zip",
            )
    finally:
        client.images.remove(reference)
    assert reference in str(caught.value)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the SDK leaves its socket open
def test_missing_daemon_is_an_error_with_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a user without Docker sees a traceback of an HTTP library."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(HostError, match="no Docker daemon answers") as caught:
        build(PROJECTS / "base", tmp_path / "layer.zip")
    assert "DOCKER_HOST" in str(caught.value.hint)
    del caught
    gc.collect()
