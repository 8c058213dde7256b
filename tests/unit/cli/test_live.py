"""Tests of the lines on a terminal that change while a build runs."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from io import BufferedIOBase
from pathlib import Path
from threading import Event, Timer

import pyte
import pytest
from samples import PROJECT, Package, lock_text
from samples.index import Index, serve
from samples.terminal import on_terminal
from samples.wheels import WheelSample

from pulumi_poetry_layer.cli.live import LiveLines
from pulumi_poetry_layer.host.progress import Step


class Terminal(io.StringIO):
    """A terminal of 60 columns."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(newline="\r\n")  # as the driver of a terminal writes it
        monkeypatch.setenv("COLUMNS", "60")

    @property
    def lines(self) -> list[str]:
        """What is on it."""
        screen = pyte.Screen(60, 20)
        pyte.Stream(screen).feed(self.getvalue())
        return "\n".join(line.rstrip() for line in screen.display).rstrip().split("\n")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """An empty terminal."""
    return Terminal(monkeypatch)


def test_lines_replace_each_other_below_what_stays(terminal: Terminal) -> None:
    """Lines of an earlier state, or parts of them, would stay on the terminal."""
    live = LiveLines(terminal)
    live.show([Step("0 of 2 packages", 0), Step("  numpy 1.0 of 4.0 MiB", 0.25)])
    live.print_above("warning: \x1b[31mred")
    assert terminal.lines == [
        "warning: \\x1b[31mred",
        "0 of 2 packages                        ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌",
        "  numpy 1.0 of 4.0 MiB                 ━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌",
    ]
    live.show([Step("2 of 2 packages")])
    assert terminal.lines == ["warning: \\x1b[31mred", "2 of 2 packages"]
    live.close()
    live.show([Step("late")])
    assert terminal.lines == ["warning: \\x1b[31mred"]


def test_long_lines_and_many_lines_are_cut(terminal: Terminal) -> None:
    """A line that takes two lines of the terminal is not removed, and too many lines scroll away."""
    live = LiveLines(terminal)
    live.show([Step("x" * 100), *[Step(f"  file{number}") for number in range(30)]])
    lines = terminal.lines
    assert lines[0] == "x" * 58 + "…"
    assert lines[-1] == "  and 22 more"
    assert len(lines) == 10
    live.close()
    assert terminal.lines == [""]


class SlowIndex:
    """A project, and an index that sends half of a wheel and then waits."""

    def __init__(self, folder: Path) -> None:
        self.app = WheelSample(name="app", files={"app.bin": os.urandom(4 << 20)})
        self.may_end = Event()
        package = Package(name="app", other_keys={"files": [{"file": self.app.file_name, "hash": self.app.hash}]})
        (folder / "pyproject.toml").write_text(PROJECT)
        (folder / "poetry.lock").write_text(lock_text(PROJECT, [package]))
        self.arguments = ["-m", "pulumi_poetry_layer", "build", "--runtime", "python3.12", "-o", "layer.zip"]
        self.variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "PULUMI_POETRY_LAYER_CACHE_DIR": str(folder / "cache"),
            "NO_PROXY": "*",
            "PYTHONIOENCODING": "utf-8",
        }

    def index(self) -> Index:
        """The index."""
        file = self.app.file_name
        return Index(files={file: self.app.data()}, sizes=True, answers={f"/files/{file}": [self._answer]})

    def _answer(self, output: BufferedIOBase) -> None:
        data = self.app.data()
        output.write(b"HTTP/1.0 200 OK\r\n\r\n" + data[: 3 << 20])
        output.flush()
        self.may_end.wait(30)
        output.write(data[3 << 20 :])


LONG = re.compile(r" +app 3\.0 of 4\.0 MiB +━{15}╌{5}")


@pytest.mark.parametrize("columns", [80, 140])
def test_terminal_shows_a_line_for_the_whole_and_one_for_a_long_download(columns: int, tmp_path: Path) -> None:
    """Nobody could see whether a build hangs, and at what."""
    slow, seen_at_work = SlowIndex(tmp_path), list[list[str]]()

    def watch(lines: list[str], _: subprocess.Popen[bytes]) -> None:
        if any(map(LONG.fullmatch, lines)):
            seen_at_work.append(lines)
            slow.may_end.set()

    with serve(slow.index()) as index:
        slow.variables["POETRY_PYPI_MIRROR_URL"] = index.url
        seen = on_terminal(slow.arguments, columns=columns, folder=tmp_path, environment=slow.variables, watch=watch)
    whole, long = seen_at_work[0]
    assert re.fullmatch(r"0 of 1 package, 3\.0 of 4\.0 MiB +━{15}╌{5}", whole)
    assert LONG.fullmatch(long)
    assert seen.exit_code == 0
    assert [line.split(":")[0] for line in seen.lines][:1] == ["layer.zip"], "the progress is gone"
    assert seen.cursor_is_shown


def test_interrupted_build_leaves_a_clean_terminal(tmp_path: Path) -> None:
    """A user would type into half a line, or not see the cursor any more."""
    slow = SlowIndex(tmp_path)

    def watch(lines: list[str], process: subprocess.Popen[bytes]) -> None:
        if any(map(LONG.fullmatch, lines)):
            process.send_signal(signal.SIGINT)

    with serve(slow.index()) as index:
        slow.variables["POETRY_PYPI_MIRROR_URL"] = index.url
        seen = on_terminal(slow.arguments, columns=80, folder=tmp_path, environment=slow.variables, watch=watch)
        slow.may_end.set()
    assert seen.lines == ["interrupted"]
    assert seen.exit_code == -signal.SIGINT, "a shell reports 130"
    assert seen.cursor_is_shown
    assert not (tmp_path / "layer.zip").exists()


def test_quiet_build_shows_no_progress(tmp_path: Path) -> None:
    """A script that asked for silence would get lines."""
    slow = SlowIndex(tmp_path)
    seen_at_work: list[str] = []

    def watch(lines: list[str], _: subprocess.Popen[bytes]) -> None:
        seen_at_work.extend(lines)

    with serve(slow.index()) as index:
        slow.variables["POETRY_PYPI_MIRROR_URL"] = index.url
        Timer(2, slow.may_end.set).start()
        arguments = [*slow.arguments, "--quiet"]
        seen = on_terminal(arguments, columns=80, folder=tmp_path, environment=slow.variables, watch=watch)
    assert seen.exit_code == 0
    assert not [line for line in seen_at_work if " of 1 package" in line]
