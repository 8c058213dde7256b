"""Layers that leave out what their functions do not need, from the program to AWS."""

from __future__ import annotations

import csv
import io
import zipfile

from .harness import LocalAws
from .harness.one_layer import BUILD, LAYER, PROGRAM, PROJECTS, NewProgram

SMALLER = PROGRAM.replace(
    '    runtime="',
    '    strip=config.get_object("strip") or [],\n'
    '    exclude_runtime=config.get_bool("excludeRuntime") or False,\n'
    '    runtime="',
)
FILES = {
    f"service/{file}": (PROJECTS / "popular" / "aws" / file).read_text() for file in ("pyproject.toml", "poetry.lock")
}


def test_smaller_layer_is_published_and_a_second_up_changes_nothing(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise the layer has the files all the same, or each deployment publishes a new version."""
    stack = new_program({"__main__.py": SMALLER, **FILES}).stack()
    stack.set_config("excludeRuntime", "true")
    stack.up(skip_preview=True)
    whole = _names(aws.layer_zip("deps-dev", 1))
    assert "python/wrapt/__init__.py" in whole
    assert not any(name.startswith(("python/boto3/", "python/botocore/")) for name in whole)
    assert "boto3" not in stack.outputs()["packages"]

    stack.set_config("strip", '["tests", "stubs", "sources"]')
    preview = stack.preview()
    assert preview.ops(BUILD) == ["update"]
    assert "replace" in preview.ops(LAYER)
    stack.up(skip_preview=True)

    content = aws.layer_zip("deps-dev", 2)
    names = _names(content)
    assert "python/wrapt/__init__.py" in names
    assert names < whole
    assert whole - names == {
        "python/fsspec/conftest.py",
        "python/wrapt-stubs/__init__.pyi",
        "python/wrapt/_wrappers.c",
    }
    assert _recorded(content) <= names
    assert stack.preview().unchanged
    assert stack.up().unchanged


def _names(content: bytes) -> set[str]:
    return set(zipfile.ZipFile(io.BytesIO(content)).namelist())


def _recorded(content: bytes) -> set[str]:
    """The files that the RECORDs in a layer zip list."""
    layer = zipfile.ZipFile(io.BytesIO(content))
    records = [layer.read(name).decode() for name in layer.namelist() if name.endswith(".dist-info/RECORD")]
    return {f"python/{row[0]}" for record in records for row in csv.reader(io.StringIO(record))}
