"""The command line as a process: how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from samples import PROJECTS

PROJECT = PROJECTS / "base"
PLAN = ["-m", "pulumi_poetry_layer", "plan", "--project-dir", str(PROJECT)]
RUN = "from pulumi_poetry_layer import cli; cli._COMMANDS['plan'] = command; exit(cli.main(['plan']))"

LATE = """
import threading, time

def say():
    time.sleep(0.3)
    print("late", flush=True)

def command(options):
    threading.Thread(target=say).start()
"""


def ended(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What became of a Python process."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)


def test_everything_is_printed_and_the_exit_code_told() -> None:
    """The end of a long plan would be lost, or a failure would pass for success."""
    done = ended(*PLAN, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("}\n")

    failed = ended(*PLAN, "--group", "nope")
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert "unknown group 'nope'" in failed.stderr


def test_a_reader_that_has_gone_gets_no_traceback() -> None:
    """`plan | head -1` would fill the terminal."""
    with subprocess.Popen([sys.executable, *PLAN], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()

        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_threads_come_to_their_end_first() -> None:
    """A download that goes on after another one failed would be cut off, and half of it left in the cache."""
    done = ended("-c", f"{LATE}\n{RUN}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "late\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="no signals there")
def test_ctrl_c_ends_it_by_the_signal_without_a_traceback() -> None:
    """A shell's loop would go on with the next layer after Ctrl-C."""
    done = ended("-c", f"{LATE}\n    raise KeyboardInterrupt\n{RUN}")
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "interrupted\n")


def test_errors_of_ours_are_not_hidden() -> None:
    """A bug would end in silence."""
    failed = ended("-c", f"def command(options):\n    raise ZeroDivisionError\n{RUN}")
    assert failed.returncode == 1
    assert "ZeroDivisionError" in failed.stderr
