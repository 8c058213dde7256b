"""Path dependencies under the real Pulumi engine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from .harness import LocalAws
from .harness.one_layer import LAYER, PROGRAM, PROJECTS, NewProgram


def test_edited_library_makes_a_new_layer_version_and_a_bytecode_cache_does_not(
    new_program: NewProgram, aws: LocalAws, tmp_path: Path
) -> None:
    """Otherwise the old library stays published, or every run of its tests publishes a new layer version."""
    program = new_program({"__main__.py": PROGRAM})
    for name in ("service", "shared", "base", "vendored"):
        target = program.folder / "service" if name == "service" else program.folder / name
        shutil.copytree(PROJECTS / "paths" / name, target)
    stack = program.stack()
    stack.up(skip_preview=True)
    module = program.folder / "shared" / "src" / "shared" / "__init__.py"
    (module.parent / "__pycache__").mkdir(exist_ok=True)
    (module.parent / "__pycache__" / "shared.pyc").write_bytes(b"cache")
    assert stack.preview().unchanged

    module.write_text("changed = True\n")

    preview = stack.preview()
    assert "replace" in preview.ops(LAYER)
    assert "shared 1.0 (directory@" in preview.text
    stack.up(skip_preview=True)
    assert aws.layer_versions("deps-dev") == [2]
    assert str(tmp_path) not in json.dumps(stack.resources()["deps-build"])
