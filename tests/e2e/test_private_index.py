"""Private indexes with the real engine and each builder: logins, error messages, and traces of passwords."""

from __future__ import annotations

import io
import os
import shutil
import signal
import ssl
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import docker
import pytest
import trustme
from samples.git_repository import repository

from pulumi_poetry_layer import LocalBuilder, WheelBuilder, build_layer
from pulumi_poetry_layer.builders.builder import Builder
from pulumi_poetry_layer.builders.registry import make_builder
from pulumi_poetry_layer.errors import BuildError

from .harness import LocalAws, Machine, Result, Stack, Toolchain
from .harness.containers import NETWORK, await_removal, connect_to_docker, running_builds
from .harness.one_layer import LAYER, RUNTIME, NewProgram
from .harness.private_index import (
    NAME,
    PASSWORD,
    SDIST,
    USER,
    WHEEL,
    Package,
    PrivateIndex,
    forms,
    locked_package,
    private_index,
    write_locked,
    write_project,
)
from .harness.traces import Arguments, descendants, running, traces_in, traces_in_docker, traces_on_disk

PROGRAM = """\
import pulumi
from pulumi_poetry_layer import ContainerBuilder, PoetryLayer

config = pulumi.Config()
kind = config.require("builder")
builder = ContainerBuilder(network="{network}") if kind == "container" else kind
deps = PoetryLayer(
    "deps",
    project_dir="service",
    runtime=config.require("runtime"),
    builder=builder,
    description=config.get("description"),
)
pulumi.export("version", deps.version)
"""
WRONG = "sturgeon-of-inner"
CONTAINER = pytest.param("container", marks=pytest.mark.docker)
BUILDERS = pytest.mark.parametrize("builder", ["wheels", "local", CONTAINER])


@pytest.fixture
def client(builder: str) -> Iterator[docker.DockerClient | None]:
    """The real daemon, for the builder that needs it."""
    if builder != "container":
        yield None
        return
    found = connect_to_docker()
    yield found
    found.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority that no one trusts by default."""
    return trustme.CA()


@pytest.fixture
def index(authority: trustme.CA) -> Iterator[PrivateIndex]:
    """The index that the packages are locked from, over https."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with private_index(WHEEL, SDIST, tls=tls) as served:
        yield served


@pytest.fixture
def certificates(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    """The environment variable that makes the authority trusted."""
    bundle = tmp_path / "company.pem"
    authority.cert_pem.write_to_path(str(bundle))
    return {f"POETRY_CERTIFICATES_{NAME.upper()}_CERT": str(bundle)}


def stack_of(new_program: NewProgram, builder: str) -> Stack:
    """A stack with a layer that this builder builds."""
    program = new_program({"__main__.py": PROGRAM.format(network=NETWORK)})
    runtime = "python3.11" if builder == "container" else RUNTIME
    return program.stack("dev", config={"builder": builder, "runtime": runtime})


def variables(user: str, password: str) -> dict[str, str]:
    """The environment variables with the login for the index."""
    return {"POETRY_HTTP_BASIC_INNER_USERNAME": user, "POETRY_HTTP_BASIC_INNER_PASSWORD": password}


def up(stack: Stack, env: Mapping[str, str], *flags: str, check: bool = True) -> Result:
    """``pulumi up`` with further environment variables."""
    command = ("up", "--yes", "--stack", stack.name, *flags)
    return stack.program.pulumi(*command, planning=False, env=env, check=check)


def preview(stack: Stack, env: Mapping[str, str]) -> Result:
    """``pulumi preview`` with further environment variables."""
    return stack.program.pulumi("preview", "--stack", stack.name, planning=True, env=env)


def modules(aws: LocalAws, version: int) -> dict[str, bytes]:
    """Names and contents of the modules in a published layer version."""
    with zipfile.ZipFile(io.BytesIO(aws.layer_zip("deps-dev", version))) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.count("/") == 1}


def everything(stack: Stack) -> list[Path]:
    """All folders that a run can write to: the checkout, the state, the home and the temporary folder."""
    return [stack.program.folder, stack.program.backend, stack.program.machine.root]


@BUILDERS
def test_build_from_a_private_index_leaves_no_trace_of_the_password(
    new_program: NewProgram,
    aws: LocalAws,
    index: PrivateIndex,
    certificates: dict[str, str],
    client: docker.DockerClient | None,
    builder: str,
) -> None:
    """Private packages could not be installed, or came from another index, or the password could be found afterwards.

    The build runs first with a wrong password, then with the right one, both times with the most verbose log of Pulumi.
    Another index, which is listed first and needs no login, has the same names and versions with other content.
    """
    stack, verbose = stack_of(new_program, builder), ("--skip-preview", "-v=9", "--logtostderr")
    wrong, right = ({**certificates, **variables(USER, password)} for password in (WRONG, PASSWORD))
    with private_index(Package(text="EVIL = 1\n"), Package(name=SDIST.name, text="EVIL = 1\n", is_sdist=True)) as evil:
        write_project(
            stack.program.folder / "service",
            {"evil": evil.url, NAME: index.url},
            {NAME: [WHEEL, SDIST]},
            priorities={"evil": "primary"},
        )
        with Arguments() as arguments:
            refused = up(stack, wrong, *verbose, check=False)
            made = up(stack, right, *verbose)

        assert evil.requests == []
    assert refused.exit_code != 0
    for part in ("inner-package 1.0", f": the source {NAME!r}", index.url, "POETRY_HTTP_BASIC_INNER_PASSWORD"):
        assert part in refused.text
    published = {package.stem: package.text.encode() for package in (WHEEL, SDIST)}
    assert modules(aws, 1) == {f"python/{name}.py": text for name, text in published.items()}

    searched = [*forms(), *forms(password=WRONG)]
    assert any(b"pulumi" in command for command in arguments.seen)
    assert arguments.traces(searched) == []
    assert not traces_in((refused.text + made.text).encode(), searched)
    assert traces_on_disk(everything(stack), searched) == []
    if client:
        assert traces_in_docker(client, searched) == []


def test_login_in_the_stack_configuration_is_used_and_copied_nowhere(
    new_program: NewProgram, aws: LocalAws, index: PrivateIndex, certificates: dict[str, str]
) -> None:
    """A stack could not have its own index, or a new password would cause a new layer version."""
    stack = stack_of(new_program, "local")
    index.write_project(stack.program.folder / "service", WHEEL, SDIST)
    key = f"poetry-layer:httpBasic.{NAME}"
    stack.set_config(f"{key}.username", USER)
    stack.set_config(f"{key}.password", PASSWORD, secret=True)
    with Arguments() as arguments:
        made = up(stack, certificates)
    # If the zip is missing and a new layer version is needed, the hook in the process of the program builds the zip.
    shutil.rmtree(stack.program.folder / ".poetry-layer")
    stack.set_config("description", "another")
    rebuilt = up(stack, certificates)

    index.logins[USER], requests_before = "a-new-password", len(index.requests)
    stack.program.pulumi("config", "rm", f"{key}.password", "--stack", stack.name)
    stack.program.pulumi(
        "config",
        "set",
        "--secret",
        "--path",
        f"poetry-layer:httpBasic.{NAME}.password",
        "--stack",
        stack.name,
        stdin="a-new-password",
    )
    rotated = up(stack, certificates)

    assert made.ops(LAYER) == ["create"]
    assert "create-replacement" in rebuilt.ops(LAYER)
    assert modules(aws, 2)["python/inner_source.py"] == SDIST.text.encode()
    assert rotated.unchanged, rotated
    assert len(index.requests) == requests_before
    searched = [*forms(), *forms(password="a-new-password")]
    assert arguments.traces(searched) == []
    assert not traces_in((made.text + rebuilt.text + rotated.text).encode(), searched)
    assert traces_on_disk(everything(stack), searched) == []
    shutil.rmtree(stack.program.folder / ".poetry-layer")
    stack.set_config("description", "a third")
    again = up(stack, certificates)
    assert "create-replacement" in again.ops(LAYER)


@BUILDERS
def test_killed_build_leaves_no_trace_of_the_password(
    new_program: NewProgram,
    index: PrivateIndex,
    certificates: dict[str, str],
    client: docker.DockerClient | None,
    builder: str,
    tmp_path: Path,
) -> None:
    """The next user of a CI runner could find the password in a folder that was not removed."""
    stack = stack_of(new_program, builder)
    project = stack.program.folder / "service"
    index.write_project(project, WHEEL, SDIST)
    login = index.url.replace("//", f"//{USER}:{PASSWORD}@")
    from_address = variables(USER, PASSWORD)
    if builder == "local":  # a login in the address: only the user's own files may contain it
        write_project(project, {NAME: login}, {NAME: [WHEEL, SDIST]})
        from_address = {}
    machine, before = stack.program.machine, running_builds(client) if client else set()
    command = ["pulumi", "up", "--yes", "--skip-preview", "--stack", stack.name, "--non-interactive"]
    backend = {"PULUMI_BACKEND_URL": stack.program.backend.as_uri()}
    env = {**machine.environment, **backend, **certificates, **from_address}
    reached = index.hold(".whl")
    output = tmp_path / "output"
    with running(command, cwd=stack.program.folder, env=env, output=output) as process, Arguments() as arguments:
        assert reached.wait(180), output.read_text()
        started = running_builds(client) - before if client else set()
        for victim in (process.pid, *descendants(process.pid)):
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
    index.release()
    if client:
        assert started
        for container in started:
            await_removal(client, container)

    own = {str(project / name) for name in ("pyproject.toml", "poetry.lock")} if builder == "local" else set()
    assert set(traces_on_disk(everything(stack), forms())) - own == set()
    assert not traces_in(output.read_bytes(), forms())
    assert arguments.traces(forms()) == []
    if client:
        assert traces_in_docker(client, forms()) == []


def test_new_token_for_the_index_does_not_rebuild_the_layer(
    new_program: NewProgram, new_machine: Callable[[str], Machine], tmp_path: Path
) -> None:
    """With AWS CodeArtifact, which has tokens for twelve hours, every deployment would publish a new version."""
    stack = stack_of(new_program, "wheels")
    with private_index(WHEEL) as index:
        index.write_project(stack.program.folder / "service")
        index.logins = {"aws": "token-of-monday"}
        monday, tuesday = variables("aws", "token-of-monday"), variables("aws", "token-of-tuesday")
        assert up(stack, monday).ops(LAYER) == ["create"]

        index.logins, requests_before = {"aws": "token-of-tuesday"}, len(index.requests)
        runner = stack.on(stack.program.checkout(tmp_path / "runner", machine=new_machine("runner")))
        for result in (preview(runner, tuesday), up(runner, tuesday)):
            assert result.unchanged, result
        assert len(index.requests) == requests_before


def test_builder_with_credentials_is_refused_in_a_pulumi_program(new_program: NewProgram, index: PrivateIndex) -> None:
    """The process that builds would not get the credentials, or they would be in the state."""
    given = f'LocalBuilder(credentials={{"{NAME}": ("{USER}", "{PASSWORD}")}})'
    text = (
        "from pulumi_poetry_layer import LocalBuilder, PoetryLayer\n"
        f"PoetryLayer('deps', project_dir='service', runtime='{RUNTIME}', builder={given})\n"
    )
    stack = new_program({"__main__.py": text}).stack()
    index.write_project(stack.program.folder / "service")
    result = stack.preview(check=False)

    assert result.exit_code != 0
    assert f"pulumi config set --secret poetry-layer:httpBasic.{NAME}.password" in result.text
    assert "POETRY_HTTP_BASIC_INNER_PASSWORD" in result.text
    assert PASSWORD not in result.text


@pytest.mark.parametrize("builder", [WheelBuilder(), LocalBuilder()], ids=["wheels", "local"])
def test_login_in_the_address_of_a_git_dependency_is_used_and_copied_nowhere(
    builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toolchain: Toolchain
) -> None:
    """A killed build would leave the token in a temporary folder, or the arguments of git would show it."""
    for folder in ("temporary", "cache"):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", toolchain.path)
    monkeypatch.setenv("NO_PROXY", "*")
    with repository(tmp_path / "repository", f"{USER}:p@ss/word", SDIST.tree()) as (address, commit):
        url = f"http://{USER}:p%40ss%2Fword@{address}"
        source = {"type": "git", "url": url, "reference": commit, "resolved_reference": commit}
        locked = {"name": SDIST.name, "version": "1.0", "optional": False, "python-versions": "*", "groups": ["main"]}
        requirement = f"{SDIST.name} @ git+{url}@{commit}"
        project = {"name": "service", "version": "1", "requires-python": ">=3.10,<4.0", "dependencies": [requirement]}
        document = {"project": project, "tool": {"poetry": {"package-mode": False}}}
        write_locked(tmp_path / "service", document, [{**locked, "description": "", "files": [], "source": source}])
        with Arguments() as arguments:
            artifact = build_layer(
                project_dir=tmp_path / "service", runtime=RUNTIME, builder=builder, output=tmp_path / "layer.zip"
            )

    assert [package.name for package in artifact.packages] == [SDIST.name]
    searched = forms(password="p@ss/word")
    assert arguments.traces(searched) == []
    own = {str(tmp_path / "service" / name) for name in ("pyproject.toml", "poetry.lock")}
    assert set(traces_on_disk([tmp_path], searched)) == own


@BUILDERS
def test_client_certificate_is_used_and_its_key_is_copied_nowhere(
    authority: trustme.CA,
    certificates: dict[str, str],
    client: docker.DockerClient | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    toolchain: Toolchain,
    builder: str,
) -> None:
    """An index that requires client certificates could not be used, or the key would be in the layer of a container."""
    identity = authority.issue_cert("client@example.invalid").private_key_and_cert_chain_pem
    key = tmp_path / "client.pem"
    identity.write_to_path(str(key))
    for name, value in (certificates | {"POETRY_CERTIFICATES_INNER_CLIENT_CERT": str(key)}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", toolchain.path)
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    options = {"network": NETWORK} if builder == "container" else {}
    with private_index(WHEEL, tls=tls) as index:
        artifact = build_layer(
            project_dir=index.write_project(tmp_path / "service"),
            runtime="python3.11" if builder == "container" else RUNTIME,
            builder=make_builder(builder, options, {NAME: (USER, PASSWORD)}),
            output=tmp_path / "layer.zip",
        )

    assert [package.name for package in artifact.packages] == [WHEEL.name]
    secrets = [line for line in identity.bytes().split(b"\n") if len(line) == 64][:1]
    assert secrets
    assert traces_on_disk([tmp_path], secrets) == [str(key)]
    if client:
        assert traces_in_docker(client, secrets) == []


def refuse_all_logins(index: PrivateIndex) -> None:
    """Refuse every login, which pypiserver does with status 403."""
    index.logins.clear()


def remove_the_package(index: PrivateIndex) -> None:
    """Remove the locked file."""
    (index.folder / WHEEL.file_name).unlink()


def replace_the_package(index: PrivateIndex) -> None:
    """Replace the locked file by one with the same name and other content."""
    index.publish(Package(text="EVIL = 1\n"))


def deny_access(index: PrivateIndex) -> None:
    """Accept the login, but deny access (403)."""
    index.answers["/simple/"] = "403 Forbidden"


FAILURES = [
    (refuse_all_logins, True, "403", "POETRY_HTTP_BASIC_INNER_PASSWORD"),
    (deny_access, True, "403", "POETRY_HTTP_BASIC_INNER_PASSWORD"),
    (remove_the_package, True, "does not have the file", "lock another version"),
    (replace_the_package, True, "a different file than the one that was locked", "find out why the file changed"),
    (lambda _: None, False, "certificate that is not trusted", "POETRY_CERTIFICATES_INNER_CERT"),
]


@pytest.mark.parametrize(
    ("builder", "failure"),
    [
        *(pytest.param(builder, failure) for builder in ("wheels", "local") for failure in range(len(FAILURES))),
        pytest.param("container", 0, marks=pytest.mark.docker),
        pytest.param("container", 4, marks=pytest.mark.docker),
    ],
)
def test_error_of_an_index_names_package_and_source_and_has_a_hint(
    index: PrivateIndex,
    certificates: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    toolchain: Toolchain,
    builder: str,
    failure: int,
) -> None:
    """A user would only read that no installation candidate was found, and would not know what to do."""
    break_index, trusted, problem, hint = FAILURES[failure]
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", toolchain.path)
    for name, value in (certificates if trusted else {}).items():
        monkeypatch.setenv(name, value)
    project = index.write_project(tmp_path / "service")
    break_index(index)
    options = {"network": NETWORK} if builder == "container" else {}
    with pytest.raises(BuildError) as caught:
        build_layer(
            project_dir=project,
            runtime="python3.11" if builder == "container" else RUNTIME,
            builder=make_builder(builder, options, {NAME: (USER, PASSWORD)}),
            output=tmp_path / "layer.zip",
        )
    first = str(caught.value).splitlines()[0]

    assert first.startswith(f"inner-package 1.0: the source {NAME!r} ({index.url}) ")
    assert problem in first
    assert hint in str(caught.value.hint)
    assert not traces_in(str(caught.value).encode(), forms())
    assert not (tmp_path / "layer.zip").exists()


@pytest.mark.parametrize("builder", ["wheels", "local"])
@pytest.mark.parametrize("in_address", [True, False])
def test_package_locked_from_pypi_comes_from_the_mirror_with_login_and_not_from_a_primary_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toolchain: Toolchain, builder: str, in_address: bool
) -> None:
    """A package that was locked from PyPI would come from a private index that has a package with the same name."""
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", toolchain.path)
    outer = Package(name="outer-package", text="OUTER = 1\n")
    with private_index(outer) as mirror, private_index(WHEEL, Package(name=outer.name, text="EVIL = 1\n")) as index:
        mirror.logins = {"reader-of-mirror": "marlin/of@mirror"}
        login = mirror.url.replace("//", "//reader-of-mirror:marlin%2Fof%40mirror@")
        monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", login if in_address else mirror.url)
        given = {NAME: (USER, PASSWORD)} | ({} if in_address else {"pypi": ("reader-of-mirror", "marlin/of@mirror")})
        project = {"name": "service", "version": "1", "requires-python": ">=3.10,<4.0"}
        poetry = {"package-mode": False, "source": [{"name": NAME, "url": index.url}]}
        document = {"project": {**project, "dependencies": [outer.name, WHEEL.name]}, "tool": {"poetry": poetry}}
        packages = [locked_package(outer), locked_package(WHEEL, NAME, index.url)]
        artifact = build_layer(
            project_dir=write_locked(tmp_path / "service", document, packages),
            runtime=RUNTIME,
            builder=make_builder(builder, {}, given),
            output=tmp_path / "layer.zip",
        )
        assert not any(outer.name in path for path, _ in index.requests)

    assert [package.name for package in artifact.packages] == [WHEEL.name, outer.name]
    assert traces_on_disk([tmp_path], [*forms(), *forms("reader-of-mirror", "marlin/of@mirror")]) == []
