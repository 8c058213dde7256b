"""Each example as a user runs it: copied alone, previewed, deployed, invoked and destroyed."""

from __future__ import annotations

import ast
import json
import platform
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from .harness import LocalAws, Machine, Program, Toolchain
from .harness.aws import REGION
from .harness.containers import NETWORK, connect_to_docker
from .harness.emulator import require_emulator
from .harness.examples import EXAMPLES, copy_example
from .harness.invocations import invocations_on_the_emulator
from .harness.needed import fail_or_skip
from .harness.one_layer import LAYER
from .harness.private_index import PASSWORD, USER, Package, private_index

ARCHITECTURE = "arm64" if platform.machine() == "aarch64" else "x86_64"

DEPLOYED_ELSEWHERE = {
    "automation_api": "test_examples.py",
    "go": "test_languages.py",
    "shared_layer": "test_platform.py",
    "typescript": "test_languages.py",
    "yaml": "test_languages.py",
}
"""Examples that another test than the common one deploys, and the file of that test."""


@contextmanager
def as_it_is(_program: Program) -> Iterator[Mapping[str, str]]:
    """Prepare nothing."""
    yield {}


@contextmanager
def with_docker(_program: Program) -> Iterator[Mapping[str, str]]:
    """Let the containers of a real Docker daemon use the network of this machine."""
    connect_to_docker().close()
    yield {"network": NETWORK}


@contextmanager
def with_an_index(program: Program) -> Iterator[Mapping[str, str]]:
    """Do what the README of the example says, with an index on this machine that asks for a login."""
    price = "def price(item):\n    return {'bicycle': 1250}[item]\n"
    with private_index(Package(name="acme-pricing", text=price)) as index:
        pyproject = program.folder / "pyproject.toml"
        pyproject.write_text(pyproject.read_text("utf-8").replace("https://packages.example.com/simple/", index.url))
        login = {"POETRY_HTTP_BASIC_ACME_USERNAME": USER, "POETRY_HTTP_BASIC_ACME_PASSWORD": PASSWORD}
        locked = program.run(["poetry", "lock", "--no-interaction"], env=login)
        assert locked.returncode == 0, locked.stderr
        program.stack().set_config("poetry-layer:httpBasic.acme.password", PASSWORD, secret=True)
        yield {"poetry-layer:httpBasic.acme.username": USER}


@dataclass(frozen=True, kw_only=True)
class Example:
    """An example that the common test deploys.

    Attributes:
        event: what its functions are invoked with.
        body: what they answer.
        folder: the folder of ``Pulumi.yaml`` in the example.
        stack: the name of the stack.
        region: the region of the stack.
        prepared: prepares a copy of the example, and gives the configuration of the stack.
    """

    event: object
    body: str
    folder: str = "."
    stack: str = "dev"
    region: str = REGION
    prepared: Callable[[Program], AbstractContextManager[Mapping[str, str]]] = as_it_is


DEPLOYED_HERE = {
    "compiled_package": Example(
        event={"text": "123456789"}, body="e3069283 by crcmod._crcfunext", prepared=with_docker
    ),
    "container": Example(event={"text": "<b>"}, body="&lt;b&gt;", prepared=with_docker),
    "github_actions": Example(event={"item": "bicycle"}, body="item: bicycle\n", stack="prod", region="eu-west-1"),
    "monorepo": Example(event={"prices": [120000, 3450]}, body="1,234.50 EUR", folder="infrastructure"),
    "private_index": Example(event={"item": "bicycle"}, body="1,250", prepared=with_an_index),
    "quickstart": Example(event={}, body="requests 2.32.5 from /opt/python/requests/__init__.py", region="eu-west-1"),
    "s3_bucket": Example(event={"matrix": [[2, 0], [0, 4]], "vector": [2, 2]}, body="[1.0, 0.5]"),
    "several_runtimes": Example(event={"b": 1, "a": 2}, body='{"a":2,"b":1}'),
    "stack_per_environment": Example(
        event={"item": "bicycle"}, body='{"item":"bicycle","amount":1}', region="eu-west-1"
    ),
}


@pytest.fixture
def copy_of(
    tmp_path: Path, new_machine: Callable[[str], Machine], emulator_cache: Path
) -> Callable[[str, str], Program]:
    """Copy an example alone; its program is in a folder of the copy. All tests share the packages that they fetch."""
    machine = new_machine("laptop")
    shared = {**machine.variables, "PULUMI_POETRY_LAYER_CACHE_DIR": str(emulator_cache)}

    def copy(name: str, folder: str) -> Program:
        checkout = copy_example(name, tmp_path / "checkout")
        return Program(
            folder=checkout / folder, backend=tmp_path / "backend", machine=replace(machine, variables=shared)
        )

    return copy


@pytest.mark.thorough
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.docker if example.prepared is with_docker else ())
        for name, example in DEPLOYED_HERE.items()
    ],
)
def test_example_is_deployed_and_its_functions_answer(
    name: str, copy_of: Callable[[str, str], Program], aws: LocalAws
) -> None:
    """Otherwise a user copies the example, and it does not work."""
    example = DEPLOYED_HERE[name]
    program = copy_of(name, example.folder)
    with example.prepared(program) as config:
        stack = program.stack(example.stack, config=config)
        assert "create" in stack.preview().ops(LAYER)
        stack.up(skip_preview=True)
        assert stack.preview().unchanged

        assert {*answers(aws, example.region, program.machine, example.event)} == {example.body}

        stack.destroy()
        assert aws.functions(region=example.region).list_layers()["Layers"] == []


@pytest.mark.thorough
def test_automation_api_deploys_a_stack_for_each_customer(
    copy_of: Callable[[str, str], Program], aws: LocalAws
) -> None:
    """Otherwise a user copies the example, and it does not work."""
    program = copy_of("automation_api", ".")

    def deploy(command: str, customer: str) -> str:
        done = program.run(["python", "deploy.py", command, customer])
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "6 to create" in deploy("preview", "acme")
    for customer in ("acme", "globex"):
        assert f":layer:reports-{customer}:1\n" in deploy("up", customer)
    assert re.findall(r"\d+ (to \w+|unchanged)", deploy("preview", "acme")) == ["unchanged"]

    assert sorted(answers(aws, REGION, program.machine, {"rows": [1, 2]})) == ["acme: 1, 2", "globex: 1, 2"]

    for customer in ("acme", "globex"):
        deploy("destroy", customer)
    assert aws.functions().list_layers()["Layers"] == []


def answers(aws: LocalAws, region: str, machine: Machine, event: object) -> list[Any]:
    """The bodies of what the functions answer that this machine can run."""
    require_emulator(machine)
    client, found = aws.functions(region=region), []
    with invocations_on_the_emulator(machine):
        for function in client.list_functions()["Functions"]:
            if function["Architectures"] != [ARCHITECTURE]:
                continue
            done = client.invoke(FunctionName=function["FunctionName"], Payload=json.dumps(event))
            text = done["Payload"].read().decode()
            if "this machine has no python" in text:
                fail_or_skip(text)
            assert not done.get("FunctionError"), text
            found.append(json.loads(text)["body"])
    return found


def test_each_example_is_deployed_by_a_test() -> None:
    """Otherwise an example is added that nobody runs."""
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert folders == DEPLOYED_HERE.keys() | DEPLOYED_ELSEWHERE.keys(), "add it to one of the two"
    for name, file in DEPLOYED_ELSEWHERE.items():
        assert name in (Path(__file__).parent / file).read_text("utf-8")


def test_readme_lists_each_example_with_its_first_line() -> None:
    """Otherwise a user does not find the example."""
    listed = re.findall(r"^\| \[(\w+)\]\(\1\) \| (.*) \|$", (EXAMPLES / "README.md").read_text("utf-8"), re.M)
    assert listed == sorted((path.name, first_line(path)) for path in EXAMPLES.iterdir() if path.is_dir())


def first_line(example: Path) -> str:
    """The first line of a Python program, or the description of a program in another language."""
    programs = [*example.rglob("__main__.py"), *example.glob("deploy.py")]
    if programs:
        return (ast.get_docstring(ast.parse(programs[0].read_text("utf-8"))) or "").partition("\n")[0]
    description = re.search(r"^description: (.*)$", (example / "Pulumi.yaml").read_text("utf-8"), re.M)
    return description[1] if description else ""


def test_workflows_of_the_examples_are_valid(toolchain: Toolchain) -> None:
    """Otherwise a user copies a workflow that GitHub refuses."""
    if toolchain.actionlint is None:
        fail_or_skip("actionlint is not installed; run `make setup`")
    workflows = sorted(EXAMPLES.glob("*/.github/workflows/*.yml"))
    assert workflows
    done = subprocess.run(
        [toolchain.actionlint / "actionlint", *workflows], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
