"""What a function sees of this machine, as the script that makes its file system."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath

import pytest

from pulumi_poetry_layer.emulator.interpreter import Interpreter
from pulumi_poetry_layer.emulator.sandbox import Sandbox, variables_of
from pulumi_poetry_layer.host.process import Program
from pulumi_poetry_layer.plan.target import Target

INTERPRETER = Interpreter(
    program=Program("python3.13", "/usr/bin/python3.13"),
    executable=PurePosixPath("/usr/bin/python3.13"),
    prefix=PurePosixPath("/usr"),
    modules=PurePosixPath("/usr/lib/python3.13"),
    loader=PurePosixPath("/lib64/ld-linux-x86-64.so.2"),
    libraries={"libc.so.6": PurePosixPath("/lib/x86_64-linux-gnu/libc.so.6")},
)


@pytest.fixture
def lines() -> list[str]:
    """The lines of a script."""
    home = PurePosixPath("/home/me")
    sandbox = Sandbox(
        root=home / "root",
        interpreter=INTERPRETER,
        emulator=home / "emulator",
        runtime=home / "runtime",
        layer=home / "the layer",
        task=home / "it's a task",
    )
    return sandbox.script("/usr/bin/unshare", ["/bin/a", "b c"], {"A": "x y", "B": "$HOME"}).splitlines()


def test_folders_of_the_user_are_read_only(lines: list[str]) -> None:
    """A function could change the layer or the code, which it cannot in Lambda."""
    mounts = [shlex.split(line.replace(";", " ; ")) for line in lines if line.startswith("mount --bind")]
    assert mounts == [
        ["mount", "--bind", source, place, ";", "read_only", place]
        for source, place in (
            ("/usr/lib/python3.13", "var/lang/lib/python3.13"),
            ("/home/me/runtime", "var/runtime"),
            ("/home/me/the layer", "opt"),
            ("/home/me/it's a task", "var/task"),
        )
    ]
    assert "read_only /home/me/root" in lines


def test_only_listed_files_are_copied(lines: list[str]) -> None:
    """A file more is a library or a secret of this machine that Lambda does not have."""
    copies = [shlex.split(line)[2:] for line in lines if line.startswith("cp ")]
    assert copies == [
        ["/usr/bin/python3.13", "var/lang/bin/python3.13"],
        ["/home/me/emulator", "usr/local/bin/aws-lambda-rie"],
        ["/lib64/ld-linux-x86-64.so.2", "lib64/ld-linux-x86-64.so.2"],
        ["/lib/x86_64-linux-gnu/libc.so.6", "lib64/libc.so.6"],
    ]


def test_command_runs_as_another_user_with_exactly_the_given_variables(lines: list[str]) -> None:
    """A function would see the variables of this machine, with its secrets."""
    command = shlex.split(lines[-1])
    assert command[:6] == ["exec", "env", "-i", "A=x y", "B=$HOME", "/usr/bin/unshare"]
    assert command[6:] == [
        *("--user", "--map-user=993", "--map-group=990", "--root=/home/me/root", "--wd=/var/task", "/bin/a", "b c")
    ]


def test_search_paths_are_those_of_lambda() -> None:
    """Another module or library would be loaded than in Lambda."""
    variables = variables_of(Target("python3.13", "x86_64"), "app.handler", 3)
    assert variables["PYTHONPATH"] == "/opt/python/lib/python3.13/site-packages:/opt/python:/var/runtime"
    assert variables["LD_LIBRARY_PATH"].endswith(":/var/task:/var/task/lib:/opt/lib")
    assert variables["PATH"].endswith(":/opt/bin")
