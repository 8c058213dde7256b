"""States of older releases with the current code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .harness import LocalAws, Machine, Program
from .record_state import STACK, STATES

RECORDED = sorted(path.parent for path in STATES.glob("*/state.json"))


def test_there_is_a_recorded_state() -> None:
    """Otherwise the other test in this module checks nothing."""
    assert RECORDED


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: path.name)
def test_state_of_an_older_release_previews_unchanged(
    recorded: Path, tmp_path: Path, new_machine: Callable[[str], Machine], aws: LocalAws
) -> None:
    """Otherwise every user who upgrades this package publishes all layers again."""
    recorded_program = Program(folder=recorded, backend=tmp_path / "backend", machine=new_machine("runner"))
    program = recorded_program.checkout(tmp_path / "work")
    stack = program.stack(STACK)
    program.pulumi("stack", "import", "--file", str(program.folder / "state.json"), "--stack", STACK)

    preview = stack.preview(diff=True)

    assert preview.unchanged, preview
    assert len([step for step in preview.steps if step.op == "same"]) >= len(stack.resources())
