"""What the attacks notice. Without this, they could find nothing because they look at nothing."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path
from random import Random

import pytest

from pulumi_poetry_layer.errors import InputError
from torture.ledger import Ledger

trials = pytest.importorskip("torture.trials", reason="Windows has no fork")
layers = pytest.importorskip("torture.layers")


def attempt(number: int, _: Random) -> str:
    """Something that goes wrong in different ways."""
    if number == 1:
        raise InputError("refused")
    if number == 2:
        raise ValueError("not an error of the package")
    if number == 3:
        os._exit(1)
    if number == 4:
        assert len(bytearray(300 << 20)) > 0
    return "done"


def test_trials_that_raise_die_or_need_much_memory_are_found() -> None:
    """The number of findings would always be 0."""
    ledger = Ledger("x")
    trials.run_trials(ledger, attempt, "seed", time.monotonic() + 60, numbers=range(7))

    assert ledger.outcomes == {"done": 3, "refused": 1, "FOUND": 3}
    assert [finding.partition(": ")[0] for finding in ledger.findings] == ["x 2", "x 3", "x 4"]
    for finding, text in zip(ledger.findings, ("ValueError: not an", "has died", "memory: "), strict=True):
        assert text in finding


def test_slow_trial_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An input that takes hours would pass."""
    monkeypatch.setattr(trials, "MOST_SECONDS", 0.0)
    ledger = Ledger("x")
    trials.run_trials(ledger, lambda *_: str(sum(range(10_000))), "s", time.monotonic() + 60, numbers=range(1))

    assert "seconds of processor time" in ledger.findings[0]


@pytest.mark.parametrize("name", ["../x", "python/../x", "x", "python//x", "python/a\x1b"])
def test_layer_with_an_unsafe_name_is_found(tmp_path: Path, name: str) -> None:
    """A layer that Lambda unpacks elsewhere would pass."""
    info = zipfile.ZipInfo("x")
    info.filename, info.external_attr = name, 0o100644 << 16
    with zipfile.ZipFile(tmp_path / "layer.zip", "w") as archive:
        archive.writestr(info, b"x")

    with pytest.raises(AssertionError):
        layers.check_layer(tmp_path / "layer.zip")
