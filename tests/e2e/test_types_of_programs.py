"""The programs in the documentation and the examples pass the type checkers that users run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from docs_site.code_blocks import blocks

REPOSITORY = Path(__file__).resolve().parents[2]

Checker = Callable[[Sequence[Path]], subprocess.CompletedProcess[str]]

WRONG = """\
from pulumi_poetry_layer import PoetryLayer

PoetryLayer("deps", runtime="python3.13", groups=3)
PoetryLayer.matrix("deps", runtimes=["python3.13"], keep_version=3)
PoetryLayer.matrix("deps", runtimes=["python3.13"], share_with=[123456789012])
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """All programs: each block of Python in a page is one, and each program of an example.

    The code of a function is none: it imports what is in its layer.
    """
    folder = tmp_path_factory.mktemp("programs")
    texts = {re.sub(r"\W", "_", str(block)): block.text for block in blocks("python") if "pulumi" in block.text}
    for path in [*REPOSITORY.glob("examples/**/__main__.py"), *REPOSITORY.glob("examples/*/deploy.py")]:
        texts["_".join(path.relative_to(REPOSITORY).with_suffix("").parts)] = path.read_text("utf-8")
    for name, text in texts.items():
        (folder / f"{name.lower()}.py").write_text(text, "utf-8")
    return sorted(folder.glob("*.py"))


def mypy(programs: Sequence[Path]) -> subprocess.CompletedProcess[str]:
    """Run mypy in strict mode; its cache is that of ``make lint``, because ``pulumi_aws`` takes a minute."""
    return run("mypy", "--strict", *map(str, programs))


def pyright(programs: Sequence[Path]) -> subprocess.CompletedProcess[str]:
    """Run pyright as it is without configuration."""
    return run("pyright", "--pythonpath", sys.executable, *map(str, programs))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module with this Python."""
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_documented_programs_have_no_type_errors(checker: Checker, programs: list[Path]) -> None:
    """Otherwise a user copies a program, and the type checker in the editor or in CI refuses it."""
    assert len(programs) >= 8
    checked = checker(programs)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_wrong_arguments_are_type_errors(checker: Checker, tmp_path: Path) -> None:
    """Otherwise a misspelled argument is found in the preview, and not in the editor."""
    program = tmp_path / "wrong.py"
    program.write_text(WRONG)
    checked = checker([program])
    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert {int(line) for line in re.findall(r"wrong\.py:(\d+)", checked.stdout)} == {3, 4, 5}
