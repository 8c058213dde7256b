"""The completion scripts, in real shells where this machine has them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pulumi_poetry_layer.cli import main
from pulumi_poetry_layer.cli.commands import SUMMARIES

SHELLS = ("bash", "zsh", "fish")

BASH = """
source "$1"
COMP_WORDS=(pulumi-poetry-layer "${@:2}")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_shtab_pulumi_poetry_layer
echo "${COMPREPLY[*]}"
"""


def script(shell: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Write the script for a shell to a file."""
    assert main(["completion", shell]) == 0
    path = folder / f"completion.{shell}"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    return path


def run(*command: str) -> str:
    """The output of a command."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_script_knows_all_commands_options_and_values(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would have to look up how they are spelled."""
    text = script(shell, tmp_path, capsys).read_text(encoding="utf-8")

    for name in (*SUMMARIES, "project-dir", "python3.13", "arm64", "wheels", "container"):
        assert name in text
    if shutil.which(shell):
        run(shell, "-n", str(tmp_path / f"completion.{shell}"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["b"], "build"),
        (["build", "--arch"], "--architecture"),
        (["build", "--architecture", ""], "x86_64 arm64"),
        (["plan", "--runtime", "python3.9"], "python3.9"),
        (["plan", "--builder", "w"], "wheels"),
        (["help", "in"], "inspect invoke"),
        (["cache", ""], "dir size clear"),
        (["plan", "--strip", ""], "tests stubs sources"),
        (["completion", ""], "bash zsh fish"),
        (["-C", "/us"], "/usr"),
    ],
)
@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_bash_completes(words: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The script would be printed, and complete nothing."""
    path = script("bash", tmp_path, capsys)

    assert run("bash", "-c", BASH, "bash", str(path), *words).split() == expected.split()


@pytest.mark.skipif(not shutil.which("fish"), reason="there is no fish: apt-get install fish")
def test_fish_completes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The script would be printed, and complete nothing."""
    path = script("fish", tmp_path, capsys)
    lines = run("fish", "-c", f"source {path}; complete -C 'pulumi-poetry-layer build --architecture '").splitlines()

    assert [line.split("\t")[0] for line in lines] == ["x86_64", "arm64"]


def test_unknown_shell_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    """A user would have to look up which shells there are."""
    assert main(["completion", "fisch"]) == 2

    assert (
        "unknown shell 'fisch'\n  hint: did you mean 'fish'? known shells: bash, fish, zsh" in capsys.readouterr().err
    )
