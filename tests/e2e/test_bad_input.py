"""Bad input is a clear error of the preview: it names the file and the key, and nothing is built or registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from .harness import LocalAws, Program
from .test_lifecycle import PROJECTS, RUNTIME, project_files

NewProgram = Callable[..., Program]

BASE = project_files("base")

CASES: dict[str, tuple[Mapping[str, str | None], Mapping[str, object], list[str]]] = {
    "missing lock": ({"service/poetry.lock": None}, {}, ["poetry.lock: no such file", "poetry lock"]),
    "missing pyproject": ({"service/pyproject.toml": None}, {}, ["pyproject.toml: no such file"]),
    "stale lock": (
        {"service/pyproject.toml": BASE["service/pyproject.toml"].replace("1.16.0", "1.17.0")},
        {},
        ["poetry.lock: was not made from the pyproject.toml beside it", "run `poetry lock`"],
    ),
    "broken TOML": ({"service/poetry.lock": "[[package]\n"}, {}, ["poetry.lock: not valid TOML", "line 1"]),
    "unknown group": ({}, {"groups": ["main", "debg"]}, ["groups: unknown group 'debg'", "did you mean 'debug'?"]),
    "unknown extra": ({}, {"extras": ["yml"]}, ["extras: unknown extra 'yml'", "did you mean 'yaml'?"]),
    "unsupported runtime and architecture": (
        {},
        {"runtime": "python3.7", "architecture": "riscv"},
        ["runtime: unsupported runtime 'python3.7'", "architecture: unsupported architecture 'riscv'", "arm64"],
    ),
    "Output where a plain value is needed": (
        {},
        {"architecture": "OUTPUT"},
        ["architecture: an Output is not accepted here", "stack configuration"],
    ),
    "no artifact for the target": (
        {**project_files("no_artifact")},
        {},
        ["package pywin32 306", "none of its 14 locked files fits", "glibc"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_a_clear_error_of_the_preview(case: str, new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise a typo is found out after minutes of building, or from a traceback of somebody else's code."""
    files, arguments, messages = CASES[case]
    wanted: dict[str, str | None] = {**BASE, **files}
    program = new_program({name: text for name, text in wanted.items() if text is not None})
    written = {"project_dir": "service", "runtime": RUNTIME, **arguments}
    call = ", ".join(f"{name}={value!r}" for name, value in written.items())
    call = call.replace("'OUTPUT'", "pulumi.Output.from_input('arm64')")
    program.write(
        {"__main__.py": f"import pulumi\nfrom pulumi_poetry_layer import PoetryLayer\nPoetryLayer('deps', {call})\n"}
    )

    failed = program.stack().preview(check=False)

    assert failed.exit_code != 0
    for message in messages:
        assert message in failed.text
    assert "PoetryLayer 'deps'" in failed.text
    assert "Traceback" not in failed.text
    assert not Path(program.folder, ".poetry-layer").exists()


def test_all_cases_have_their_projects() -> None:
    """Otherwise a renamed folder would make the cases above pass for the wrong reason."""
    assert (PROJECTS / "base" / "poetry.lock").is_file()
    assert (PROJECTS / "no_artifact" / "poetry.lock").is_file()
