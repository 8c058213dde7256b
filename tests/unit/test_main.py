"""How the process of the command line ends."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from samples import PROJECTS

PROJECT = PROJECTS / "base"
PLAN = ["-m", "pulumi_poetry_layer", "plan", "--project-dir", str(PROJECT), "--runtime", "python3.12"]
RUN = """
from pulumi_poetry_layer.cli import main
from pulumi_poetry_layer.cli.commands import plan

plan.run = command
exit(main(["plan"]))
"""

LATE = """
import threading, time

def say():
    time.sleep(0.3)
    print("late", flush=True)

def command(options, console):
    threading.Thread(target=say).start()
"""


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python and return its exit code and output."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)


def test_output_is_complete_and_the_exit_code_is_set() -> None:
    """The end of a long plan would be lost, or a failure would look like a success."""
    done = run_python(*PLAN, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("}\n")

    failed = run_python(*PLAN, "--group", "nope")
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert "unknown group 'nope'" in failed.stderr


def test_closed_pipe_exits_with_1_without_a_traceback() -> None:
    """`plan | head -1` would print a traceback."""
    with subprocess.Popen([sys.executable, *PLAN], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()

        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_process_waits_for_its_threads() -> None:
    """A running download would be interrupted, and an incomplete file would stay in the cache."""
    done = run_python("-c", f"{LATE}\n{RUN}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "late\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_ctrl_c_ends_the_process_with_the_signal_without_a_traceback() -> None:
    """A loop in a shell would continue with the next layer after Ctrl-C."""
    done = run_python("-c", f"{LATE}\n    raise KeyboardInterrupt\n{RUN}")
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "interrupted\n")


def test_unexpected_error_prints_a_traceback() -> None:
    """A bug would end the process without a message."""
    failed = run_python("-c", f"def command(options, console):\n    raise ZeroDivisionError\n{RUN}")
    assert failed.returncode == 1
    assert "ZeroDivisionError" in failed.stderr
