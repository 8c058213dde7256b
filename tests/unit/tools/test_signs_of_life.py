"""The setup says what it does, and for how long, while a program runs that prints nothing or everything."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from dev_setup import common, signs_of_life
from dev_setup.go import Packages

GIVES_UP_SECONDS = 60


def test_program_that_takes_long_gets_signs_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A newcomer could not tell a build of ten minutes from one that hangs."""
    printed = tmp_path / "printed"

    class Seen(signs_of_life.LastLine):
        def __str__(self) -> str:
            if super().__str__():
                printed.touch()
            return super().__str__()

    monkeypatch.setattr(signs_of_life, "SECONDS_BETWEEN_SIGNS", 0.001)
    # The program ends when its line was part of a sign. Without signs it gives up, with another exit code.
    program = (
        "import pathlib, sys, time; print('half of it is done', flush=True);"
        f"ends = time.monotonic() + {GIVES_UP_SECONDS};"
        "\nwhile not pathlib.Path(sys.argv[1]).exists(): time.monotonic() > ends and sys.exit(3)"
    )

    common.run([sys.executable, "-c", program, printed], progress=Seen())

    assert "setup:    0 s  half of it is done\n" in capsys.readouterr().out


def test_signs_come_at_least_every_ten_seconds() -> None:
    """The demo promises it."""
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return len(waited) > 2  # the third time, the block has ended

    with signs_of_life.SignsOfLife(signs_of_life.LastLine(), wait):
        pass

    assert len(waited) == 3
    assert max(waited) <= 10


def test_short_programs_one_after_the_other_do_not_put_off_the_next_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten programs of four seconds each would print nothing for forty seconds."""
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return True

    monkeypatch.setattr(signs_of_life, "SECONDS_BETWEEN_SIGNS", 5)
    monkeypatch.setattr(signs_of_life, "_printed_at", 100.0)  # and since then, other programs have run
    with signs_of_life.SignsOfLife(signs_of_life.LastLine(), wait, clock=lambda: 104.0):
        pass

    assert waited == [1.0]


def test_failure_shows_the_end_of_the_output() -> None:
    """The reason of a failure would be lost."""
    program = "for number in range(500): print('line', number)\nraise SystemExit('no space left')"

    with pytest.raises(common.SetupError, match="exit code 1") as caught:
        common.run([sys.executable, "-c", program])

    assert "no space left" in str(caught.value)
    assert "line 499" in str(caught.value)
    assert "line 1\n" not in str(caught.value)


def test_go_build_says_how_many_packages_are_compiled() -> None:
    """A build of thousands of packages would not say how far it is."""
    needed = Packages()
    for line in ("go: downloading gopkg.in/yaml.v3 v3.0.1", "fmt", "gopkg.in/yaml.v3"):
        needed.read(line)
    compiled = Packages(needed.count)
    compiled.read("fmt")

    assert str(needed) == "1 Go modules downloaded"
    assert str(compiled) == "1 of 2 Go packages compiled"
