"""The folder of the Pulumi program, as the engine gives it to the SDK."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pulumi_poetry_layer.sdk_internals.program_folder import program_folder


@pytest.mark.parametrize("pwd", [["--pwd", "{}"], ["--pwd={}"]])
def test_folder_is_the_one_that_the_language_host_was_given(
    pwd: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a program that calls os.chdir writes the zip where the AWS plugin does not look."""
    folder = tmp_path / "infra"
    host = ["python", "-u", "/opt/pulumi/pulumi-language-python-exec", "--project", "p"]
    monkeypatch.setattr(sys, "orig_argv", [*host, *(option.format(folder) for option in pwd), "."])
    monkeypatch.chdir(tmp_path)
    assert program_folder() == folder


def test_folder_of_an_inline_program_is_the_one_in_the_request_of_the_engine(tmp_path: Path) -> None:
    """Otherwise an Automation API program with `main` in its settings writes the zip into another folder."""
    server: dict[str, object] = {"__name__": "pulumi.automation._server", "program": program_folder}
    exec("def Run(request):\n    return program()", server)  # noqa: S102 - the module that calls the program
    run = server["Run"]
    assert callable(run)
    assert run(SimpleNamespace(pwd=str(tmp_path))) == tmp_path


def test_folder_outside_of_a_deployment_is_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a unit test of a program looks for the project elsewhere."""
    monkeypatch.chdir(tmp_path)
    assert program_folder() == tmp_path
