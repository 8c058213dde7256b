"""Finding the Python that compiles, and running it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_poetry_layer.bytecode import compiler
from pulumi_poetry_layer.bytecode.compiler import HostCompiler, find_compiler, release_in
from pulumi_poetry_layer.errors import HostError, SubprocessError
from pulumi_poetry_layer.host.process import Program

RUNNING = "{}.{}.{}".format(*sys.version_info[:3])


@pytest.fixture(autouse=True)
def _nothing_found_yet() -> Iterator[None]:
    find_compiler.cache_clear()
    yield
    find_compiler.cache_clear()


@pytest.mark.parametrize(
    ("output", "release"),
    [
        ("3.13.2 False\n", "3.13.2"),
        ("3.13.2 True\n", None),  # without the global lock
        ("3.15.0rc1 False\n", None),
        ("3.13.2+ False\n", None),  # from a checkout
        ("", None),
    ],
)
def test_only_usual_final_releases_compile(output: str, release: str | None) -> None:
    """The format of a prerelease differs, so Python would ignore the compiled modules."""
    assert release_in(output) == release


def test_pinned_release_is_found_if_it_is_the_running_one() -> None:
    """Otherwise a pin works nowhere."""
    assert find_compiler(RUNNING).release == RUNNING


def test_python_that_was_found_is_not_looked_for_again_until_its_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To start all Pythons of a machine takes longer than a build with a warm cache."""
    program = tmp_path / "python3.13"
    shutil.copyfile("/bin/true", program)
    searches: list[object] = []

    def find(version: tuple[int, ...]) -> Program:
        searches.append(version)
        return Program("python3.13", str(program))

    monkeypatch.setattr(compiler, "find_python", find)
    monkeypatch.setattr(compiler, "_release", lambda _: "3.13.2")

    def release_found_by_a_new_process() -> str:
        find_compiler.cache_clear()
        return find_compiler("3.13").release

    assert [release_found_by_a_new_process() for _ in range(3)] == ["3.13.2"] * 3
    assert len(searches) == 1

    os.utime(program, ns=(0, 0))
    monkeypatch.setattr(compiler, "_release", lambda _: "3.13.4")
    assert release_found_by_a_new_process() == "3.13.4"

    program.write_text("#!/bin/sh\n")  # a shim starts whatever the user has chosen
    release_found_by_a_new_process()
    release_found_by_a_new_process()
    assert len(searches) == 4


@pytest.mark.parametrize("script", ["echo 3.9.1 False", "exit 1", "echo"])
def test_python_that_says_it_is_another_release_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    """A shim can start another Python than its name says."""
    program = tmp_path / "python3.13"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(compiler, "find_python", lambda _: Program("python3.13", str(program)))
    with pytest.raises(HostError, match=r"needs CPython 3\.13, and"):
        find_compiler("3.13")
    with pytest.raises(HostError, match=r"needs CPython 3\.9\.12, and"):
        find_compiler("3.9.12")


def test_settings_and_secrets_of_the_user_do_not_reach_the_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They could change the bytes, or be read by a file of a package."""
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("TOKEN", "of-the-user")
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\n")
    program.chmod(0o755)

    HostCompiler(Program("python", str(program)), RUNNING).run(tmp_path, [("0", "1")])

    seen = (tmp_path / "seen").read_text()
    assert "PYTHONHASHSEED=0" in seen
    assert "of-the-user" not in seen
    assert "OPTIMIZE" not in seen


def test_compiler_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile source could let a build hang forever."""
    monkeypatch.setattr(compiler, "_SECONDS", 0.2)
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    with pytest.raises(SubprocessError, match=r"was ended because it took longer than 0\.2 s") as caught:
        HostCompiler(Program("python", str(program)), RUNNING).run(tmp_path, [("0", "2"), ("1", "2")])
    assert "without bytecode" in str(caught.value)
