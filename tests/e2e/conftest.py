"""Fixtures of the end-to-end tests: the real Pulumi engine, a local AWS, and programs in their own folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from .harness import LocalAws, Machine, Program, Toolchain
from .harness.aws_plugin import served
from .harness.emulator import Emulator, require_emulator
from .harness.machine import started_by_the_engine
from .harness.toolchain import find_toolchain

PROJECT_FILE = """\
name: {name}
runtime: python
"""
COVERAGE_VARIABLE = "COVERAGE_PROCESS_CONFIG"
"""Set by coverage where it measures, for the processes that are started from there."""


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """The real tools. If they are missing, the tests fail in CI and are skipped elsewhere."""
    return find_toolchain()


@pytest.fixture(scope="session")
def aws_server() -> Iterator[LocalAws]:
    """One moto server for the whole test run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        server = LocalAws()
        yield server
        server.stop()


@pytest.fixture
def aws(aws_server: LocalAws) -> LocalAws:
    """A local AWS without any resources."""
    aws_server.reset()
    return aws_server


@pytest.fixture
def new_machine(
    request: pytest.FixtureRequest, tmp_path: Path, toolchain: Toolchain, aws: LocalAws
) -> Callable[[str], Machine]:
    """Make a machine with an empty home folder and an empty temporary folder, as on a fresh CI runner.

    The AWS plugin is served from this process, unless the test is marked with ``own_aws_plugin``. Coverage is measured
    in what runs on the machine only where the test is marked with ``measured``.
    """
    marked = request.node.get_closest_marker
    plugin = started_by_the_engine if marked("own_aws_plugin") else served
    measuring = os.environ.get(COVERAGE_VARIABLE)
    variables = {COVERAGE_VARIABLE: measuring} if measuring and marked("measured") else {}

    def make(name: str) -> Machine:
        root = tmp_path / "machines" / name
        return Machine(root=root, toolchain=toolchain, aws=aws, aws_plugin=plugin, variables=variables)

    return make


@pytest.fixture
def new_program(tmp_path: Path, new_machine: Callable[[str], Machine]) -> Callable[..., Program]:
    """Make a program from files by name; the programs of a test share one backend and, by default, one machine."""
    shared = new_machine("laptop")

    def make(files: Mapping[str, str | bytes], *, name: str = "program", machine: Machine | None = None) -> Program:
        folder = tmp_path / "checkouts" / name
        folder.mkdir(parents=True)
        program = Program(folder=folder, backend=tmp_path / "backend", machine=machine or shared)
        program.write({"Pulumi.yaml": PROJECT_FILE.format(name=name), **files})
        return program

    return make


@pytest.fixture(scope="session")
def emulator_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for all tests with the emulator, because installing the runtime client takes some seconds."""
    return tmp_path_factory.mktemp("emulator-cache")


@pytest.fixture
def emulator(tmp_path: Path, new_machine: Callable[[str], Machine], emulator_cache: Path) -> Emulator:
    """AWS's emulator of Lambda."""
    machine = new_machine("laptop")
    require_emulator(machine)
    return Emulator(machine=machine, folder=tmp_path, variables={"PULUMI_POETRY_LAYER_CACHE_DIR": str(emulator_cache)})
