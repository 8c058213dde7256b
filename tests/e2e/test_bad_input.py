"""Bad input fails the preview, with only a message; ``tests/unit/test_bad_input.py`` checks the messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from .harness.one_layer import RUNTIME, NewProgram, project_files

BASE = project_files("base")
STALE = {"service/pyproject.toml": BASE["service/pyproject.toml"].replace("1.16.0", "1.17.0")}


@pytest.mark.parametrize(
    ("files", "arguments", "messages"),
    [
        (STALE, "", ["poetry.lock: does not match pyproject.toml", "run `poetry lock`"]),
        (
            {},
            "architecture=pulumi.Output.from_input('arm64')",
            ["architecture: an Output is not accepted here", "stack configuration"],
        ),
    ],
    ids=["stale lock", "Output where a plain value is needed"],
)
def test_bad_input_fails_the_preview_with_a_message_and_no_traceback(
    files: dict[str, str], arguments: str, messages: list[str], new_program: NewProgram
) -> None:
    """Otherwise a user gets a traceback, or only some of the resources."""
    program = new_program({**BASE, **files})
    call = f"PoetryLayer('deps', project_dir='service', runtime='{RUNTIME}', {arguments})"
    program.write({"__main__.py": f"import pulumi\nfrom pulumi_poetry_layer import PoetryLayer\n{call}\n"})

    failed = program.stack().preview(check=False)

    assert failed.exit_code != 0
    for message in messages:
        assert message in failed.text
    assert "PoetryLayer 'deps'" in failed.text
    assert "Traceback" not in failed.text
    assert not Path(program.folder, ".poetry-layer").exists()
