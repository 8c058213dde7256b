"""What a user leaves out: the defaults of the project, and of this package."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from samples import PROJECT, Package, lock_text

from pulumi_poetry_layer.builders.local import LocalBuilder
from pulumi_poetry_layer.cli import main
from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.layer.build import build_layer
from pulumi_poetry_layer.layer.planning import plan_layer
from pulumi_poetry_layer.layer.request import GivenArguments, LayerRequest
from pulumi_poetry_layer.poetry.layer_defaults import LayerDefaults

SECTION = """
[tool.poetry-layer]
runtime = "python3.13"
architecture = "arm64"
exclude = ["app"]
builder = "container"
on-conflict = "error"
system-libraries = ["libodbc.so.2"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with defaults."""
    return write(tmp_path / "project", SECTION)


def write(folder: Path, section: str, packages: tuple[str, ...] = ("app", "other")) -> Path:
    """Write a project with a section."""
    folder.mkdir(exist_ok=True)
    text = PROJECT.replace('["app"]', json.dumps(packages))
    (folder / "pyproject.toml").write_text(f"{text}\n{section}")
    (folder / "poetry.lock").write_text(lock_text(text, [Package(name=name) for name in packages]))
    return folder


def test_what_is_left_out_comes_from_the_project(project: Path) -> None:
    """Each layer of a project would have to repeat what the project says once."""
    request = plan_layer(GivenArguments(project_dir=project)).request

    assert (request.runtime, request.architecture, request.groups) == ("python3.13", "arm64", ("main",))
    assert (request.exclude, request.builder.identity.kind) == (("app",), "container")
    assert (request.on_conflict, request.system_libraries) == ("error", ("libodbc.so.2",))


def test_given_argument_comes_first_also_if_it_is_the_default(project: Path) -> None:
    """A user could not build the layer of another target, or one with everything in it."""
    given: dict[str, Any] = {
        "runtime": "python3.12",
        "architecture": "x86_64",
        "exclude": (),
        "builder": LocalBuilder(),
        "on_conflict": "warn",
        "system_libraries": (),
    }
    request = plan_layer(GivenArguments(project_dir=project, **given)).request

    assert {name: getattr(request, name) for name in given} == given


def test_options_can_undo_what_the_project_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A user of the command line could not build a layer with everything in it, or without compiled modules."""
    folder = write(tmp_path / "project", SECTION.replace('builder = "container"', "bytecode = true"))

    assert main(["plan", "-C", str(folder), "--exclude=", "--no-bytecode", "--json"]) == 0

    plan = json.loads(capsys.readouterr().out)
    assert [package["name"] for package in plan["packages"]] == ["app", "other"]
    plain = write(tmp_path / "plain", "")
    assert main(["plan", "-C", str(plain), "--runtime", "python3.13", "--architecture", "arm64", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fingerprint"] == plan["fingerprint"]


def test_project_without_defaults_has_those_of_this_package(tmp_path: Path) -> None:
    """The layers of existing projects would change."""
    given = GivenArguments(project_dir=write(tmp_path / "plain", ""), runtime="python3.12")

    request = plan_layer(given).request

    expected = LayerRequest(project_dir=given.project_dir, runtime="python3.12", builder=request.builder)
    assert request == expected
    assert request.builder.identity.kind == "wheels"


def test_each_argument_that_decides_the_layer_can_have_a_default() -> None:
    """A new argument would have no key in pyproject.toml."""
    arguments = {field.name for field in fields(GivenArguments)} - {"project_dir", "shown_dir"}

    assert {field.name for field in fields(LayerDefaults)} == arguments


def test_missing_runtime_is_an_error_that_says_where_to_put_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A layer would be for a runtime that nobody has chosen."""
    folder = write(tmp_path / "plain", "")

    assert main(["plan", "-C", str(folder)]) == 1
    assert capsys.readouterr().err == (
        "error: --runtime: is missing, and it has no default\n"
        '  hint: set --runtime python3.13, or write runtime = "python3.13" in [tool.poetry-layer] of pyproject.toml\n'
    )
    with pytest.raises(InputError, match=r'runtime: is missing.*\n  hint: set runtime="python3.13", or write'):
        build_layer(project_dir=folder, output=tmp_path / "layer.zip")


def test_wrong_default_is_named_by_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A user would look for the mistake on the command line."""
    section = '[tool.poetry-layer]\nruntime = "3.13"\ngroups = ["mainn"]\nbuilder = "wheel"\non-conflict = "no"\n'
    folder = write(tmp_path / "wrong", section)

    assert main(["plan", "-C", str(folder), "--exclude", "ap"]) == 1

    printed = capsys.readouterr().err
    assert "5 problems:" in printed
    for problem in (
        "pyproject.toml: tool.poetry-layer.runtime: unsupported runtime '3.13'\n  hint: did you mean 'python3.13'?",
        "pyproject.toml: tool.poetry-layer.groups: unknown group 'mainn'\n  hint: did you mean 'main'?",
        "pyproject.toml: tool.poetry-layer.builder: unknown builder 'wheel'\n  hint: did you mean 'wheels'?",
        "pyproject.toml: tool.poetry-layer.on-conflict: must be 'warn' or 'error', not 'no'",
        "--exclude: unknown distribution 'ap'\n  hint: did you mean 'app'?",
    ):
        assert printed.count(problem) == 1


def test_unknown_keys_and_wrong_values_of_the_project_are_reported_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would correct a key, and then learn that the value beside it is wrong, too."""
    section = '[tool.poetry-layer]\nruntime = "py313"\ngroups2 = []\nstrip = ["test"]\nexclude = "x"\n'
    folder = write(tmp_path / "wrong", section)

    assert main(["plan", "-C", str(folder)]) == 1

    printed = capsys.readouterr().err
    assert printed.startswith("error: 4 problems:\n")
    for problem in (
        "- pyproject.toml: tool.poetry-layer.runtime: unsupported runtime 'py313'\n  hint: did you mean 'python3.13'?",
        "- pyproject.toml: tool.poetry-layer.groups2: unknown key\n  hint: did you mean 'groups'?",
        "- pyproject.toml: tool.poetry-layer.strip: unknown kind 'test'\n  hint: did you mean 'tests'?",
        "- pyproject.toml: tool.poetry-layer.exclude: must be an array\n",
    ):
        assert printed.count(problem) == 1


def test_wrong_runtime_of_the_project_is_not_called_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A user would add a second runtime."""
    folder = write(tmp_path / "wrong", '[tool.poetry-layer]\nruntime = 3.13\narchitecture = "amd64"\n')

    assert main(["plan", "-C", str(folder)]) == 1

    printed = capsys.readouterr().err
    assert "runtime: must be a string" in printed
    assert "architecture: unsupported architecture 'amd64'" in printed
    assert "is missing" not in printed


def test_file_that_is_not_toml_is_one_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same mistake would be listed for the project and for its section."""
    (tmp_path / "pyproject.toml").write_text("[tool")
    (tmp_path / "poetry.lock").write_text("")

    assert main(["plan", "-C", str(tmp_path), "--runtime", "python3.13"]) == 1

    assert capsys.readouterr().err.count("not valid TOML") == 1


def test_unknown_group_of_the_project_is_named_by_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The only mistake would be looked for on the command line."""
    folder = write(tmp_path / "wrong", '[tool.poetry-layer]\nruntime = "python3.13"\ngroups = ["x"]\n')

    assert main(["plan", "-C", str(folder)]) == 1

    assert capsys.readouterr().err.startswith("error: pyproject.toml: tool.poetry-layer.groups: unknown group 'x'\n")


@pytest.mark.parametrize("command", ["verify", "invoke"])
def test_target_of_a_built_layer_comes_from_the_project(
    command: str, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A layer would be verified for another target than the one that it was built for."""
    arguments = [command, str(tmp_path), *(["--handler", "a.b", "--task", "."] if command == "invoke" else [])]
    wrong = write(tmp_path / "wrong", '[tool.poetry-layer]\nruntime = "python3.13"\narchitecture = "amd64"\n')

    assert main([*arguments, "-C", str(wrong)]) == 1
    assert "pyproject.toml: tool.poetry-layer.architecture: unsupported" in capsys.readouterr().err
    assert main([*arguments, "-C", str(tmp_path)]) == 1
    assert "--runtime: is missing, and it has no default" in capsys.readouterr().err
    assert main([*arguments, "-C", str(project)]) == 1
    assert "runtime" not in capsys.readouterr().err
