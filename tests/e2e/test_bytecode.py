"""Layers with bytecode, from the program to AWS."""

from __future__ import annotations

import io
import sys
import zipfile

import pytest

from .harness import LocalAws
from .harness.one_layer import BUILD, LAYER, PROGRAM, RUNTIME, NewProgram, build_folder, project_files

RELEASE = "{}.{}.{}".format(*sys.version_info[:3])
WITH_BYTECODE = (
    PROGRAM.replace('    runtime="', '    bytecode=config.get_object("bytecode") or False,\n    runtime="')
    + 'pulumi.export("bytecode", deps.bytecode)\n'
)


def test_bytecode_is_published_and_a_second_up_changes_nothing(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise functions start no faster, or each deployment publishes a new version."""
    stack = new_program({"__main__.py": WITH_BYTECODE, **project_files("base")}).stack()
    stack.up(skip_preview=True)
    assert stack.outputs().get("bytecode") is None
    assert "bytecode" not in stack.resources()["deps-build"]["inputs"]

    stack.set_config("bytecode", "true")
    preview = stack.preview()
    assert preview.ops(BUILD) == ["update"]
    assert "replace" in preview.ops(LAYER)
    assert any("bytecode off → on" in line for line in preview.diagnostics)
    stack.up(skip_preview=True)

    assert stack.outputs()["bytecode"] == RELEASE
    assert stack.resources()["deps-build"]["outputs"]["compiled_by"] == RELEASE
    names = zipfile.ZipFile(io.BytesIO(aws.layer_zip("deps-dev", 2))).namelist()
    assert f"python/__pycache__/six.cpython-{RUNTIME.removeprefix('python').replace('.', '')}.pyc" in names
    assert stack.preview().unchanged
    assert stack.up().unchanged


@pytest.mark.parametrize("command", ["preview", "up"])
def test_missing_python_fails_with_the_command_that_installs_it(
    new_program: NewProgram, aws: LocalAws, command: str
) -> None:
    """Otherwise the update fails after everything was downloaded, and the user does not know what to do."""
    stack = new_program({"__main__.py": WITH_BYTECODE, **project_files("base")}).stack()
    missing = f"{RUNTIME.removeprefix('python')}.99"
    stack.set_config("bytecode", f'"{missing}"')

    failed = stack.preview(check=False) if command == "preview" else stack.up(check=False)

    said = "\n".join(failed.diagnostics)
    assert f"bytecode: needs CPython {missing}, and this machine has none" in said
    assert f"uv python install {missing}" in said
    assert build_folder(stack) == []
    assert aws.layer_versions("deps-dev") == []
