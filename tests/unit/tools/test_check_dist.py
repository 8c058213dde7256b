"""With which Pythons the files of a release are installed and driven."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import check_dist
import pytest


def machine_with(monkeypatch: pytest.MonkeyPatch, *minors: int) -> None:
    """Let this machine have these releases of Python 3."""

    def usable(minor: int) -> Iterator[Path]:
        if minor in minors:
            yield Path(f"python3.{minor}")

    monkeypatch.setattr(check_dist, "_usable", usable)


def test_oldest_and_newest_python_are_those_of_pyproject_toml(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release could not be installed with a Python that it promises to support."""
    machine_with(monkeypatch, 9, 10, 11, 14, 15, 16)

    assert check_dist.pythons(strict=True) == (Path("python3.10"), Path("python3.15"))


def test_nearest_python_takes_the_place_of_a_missing_one_and_the_output_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A maintainer would believe that the newest Python was tried."""
    machine_with(monkeypatch, 9, 11, 13)

    assert check_dist.pythons(strict=False) == (Path("python3.11"), Path("python3.13"))
    assert "no Python 3.10 or 3.15 on this machine" in capsys.readouterr().out


@pytest.mark.parametrize(("minors", "strict"), [((10, 14), True), ((), False)])
def test_missing_python_is_an_error(monkeypatch: pytest.MonkeyPatch, minors: tuple[int, ...], strict: bool) -> None:
    """GitHub's workflow would be green without having tried anything."""
    machine_with(monkeypatch, *minors)

    with pytest.raises(check_dist.CheckError, match=r"no Python .*3\.15 with venv on this machine"):
        check_dist.pythons(strict=strict)
