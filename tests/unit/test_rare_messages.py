"""Messages about what hardly ever happens. ``tools/message_coverage.py`` lists those that no test produces."""

from __future__ import annotations

import errno
import io
import json
import socket
import zipfile
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from samples import PROJECT as SAMPLE
from samples import Package, lock_text
from samples.wheels import WheelSample

from pulumi_poetry_layer.archive import members, writer
from pulumi_poetry_layer.archive.members import BytesContent, Member, StreamReader
from pulumi_poetry_layer.cli import main
from pulumi_poetry_layer.emulator import function, interpreter
from pulumi_poetry_layer.errors import ArchiveError, BuildError, HostError, InputError, InvocationError, WheelError
from pulumi_poetry_layer.layer.compare_request import compare_request
from pulumi_poetry_layer.layer.request import GivenArguments
from pulumi_poetry_layer.layer.stack_credentials import stack_credentials
from pulumi_poetry_layer.plan.build_plan import PlannedPackage
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.locked import LockedSource
from pulumi_poetry_layer.verify.findings import Finding
from pulumi_poetry_layer.wheels import path_dependencies
from pulumi_poetry_layer.wheels.fetch import _WheelFetcher
from pulumi_poetry_layer.wheels.reader import read_wheel

TARGET = Target("python3.13", "x86_64")
PROJECT = Path(__file__).parents[1] / "projects" / "base"


def test_layer_over_the_limit_of_the_zip_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the sizes in the zip are wrong, and nothing can unpack it."""
    monkeypatch.setattr(members, "MAXIMUM", 10)
    monkeypatch.setattr(writer, "MAXIMUM", 10)
    member = Member(name="python/a.py", content=BytesContent(bytes(11)), distribution="a")

    with StreamReader() as streams, pytest.raises(ArchiveError, match=r"python/a\.py: ") as caught:
        members.compressed(member, 0, streams)
    with pytest.raises(ArchiveError, match=r"^the layer "):
        writer._refuse_beyond_format(10)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("record", "message"),
    [(b'"' + b"x" * 200_000 + b'"\n', "is not valid CSV: field larger"), (b"\xff,,\n", "is not UTF-8")],
)
def test_record_that_cannot_be_read_is_an_error(record: bytes, message: str, tmp_path: Path) -> None:
    """Otherwise a wheel ends a build with a traceback."""
    sample = WheelSample()
    path = tmp_path / sample.file_name
    path.write_bytes(with_record(sample.data(), record))

    with pytest.raises(WheelError, match=f"has a RECORD that {message}"):
        read_wheel(path, file_name=sample.file_name)


def with_record(wheel: bytes, record: bytes) -> bytes:
    """The wheel with another RECORD."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel)) as old, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, record if name.endswith("/RECORD") else old.read(name))
    return output.getvalue()


def test_old_lock_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Otherwise `plan --compare` ends with a traceback."""
    old = tmp_path / "old.lock"
    old.write_bytes(b"\xff\xfe")

    with pytest.raises(InputError, match=r"old\.lock: cannot be read: ") as caught:
        compare_request(GivenArguments(project_dir=PROJECT, runtime="python3.13"), old)
    assert "cannot be used for a comparison" in str(caught.value)


def test_password_of_the_stack_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Otherwise a list is sent as a password."""
    (tmp_path / "pyproject.toml").write_text(
        '[[tool.poetry.source]]\nname = "mine"\nurl = "https://a.invalid/simple"\n'
    )
    configuration = {"httpBasic.mine.username": "me", "httpBasic.mine.password": ["secret"]}

    with pytest.raises(InputError) as caught:
        stack_credentials(configuration.get, tmp_path)

    assert str(caught.value) == "poetry-layer:httpBasic.mine.password: must be a string"


def test_missing_emulator_is_an_error_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a user does not know where to get it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(function, "_DOCUMENTED_PLACE", str(tmp_path))

    with pytest.raises(HostError, match="emulator: aws-lambda-rie was not found on PATH\n  hint: "):
        function._find_emulator()


@pytest.mark.parametrize(
    ("ends", "message"),
    [(True, "the emulator did not start\nno namespaces"), (False, "did not start within 0 seconds")],
)
def test_emulator_that_does_not_start_is_an_error(ends: bool, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the command waits without end."""
    monkeypatch.setattr(function, "_START_SECONDS", 0)
    port, _ = function._free_ports()

    with pytest.raises(InvocationError, match=message):
        function._await_emulator(port, lambda: ends, ["no namespaces"])


def test_emulator_that_hangs_up_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a function that takes too much memory ends the command with a traceback."""
    monkeypatch.setattr(function, "_START_SECONDS", 0)
    with socket.create_server(("127.0.0.1", 0)) as emulator:
        Thread(target=lambda: emulator.accept()[0].close(), daemon=True).start()
        running = function.RunningFunction(emulator.getsockname()[1], timeout=60)

        with pytest.raises(InvocationError, match=r"^the emulator does not answer: .") as caught:
            running.invoke({})

    assert caught.value.hint == "the lines before this message are the log of the function"


def test_python_without_glibc_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a function ends with an error of the loader that nobody understands."""
    answers: list[Any] = [
        json.dumps({"executable": "/opt/python", "modules": str(tmp_path), "prefix": "/opt"}),
        "static",
    ]
    monkeypatch.setattr(interpreter, "_check_machine", lambda _: None)
    monkeypatch.setattr(interpreter, "find_python", lambda _: Path("/opt/python"))
    monkeypatch.setattr(interpreter, "find_program", lambda *_, **__: Path("/usr/bin/ldd"))
    monkeypatch.setattr(interpreter, "_output", lambda *_: answers.pop(0))

    with pytest.raises(HostError, match="emulator: /opt/python is not linked to glibc"):
        interpreter.find_interpreter(TARGET)


def write_project(folder: Path, package: Package) -> list[str]:
    """A project with one package, and the options for it."""
    (folder / "pyproject.toml").write_text(SAMPLE)
    (folder / "poetry.lock").write_text(lock_text(SAMPLE, [package]))
    return ["-C", str(folder), "--runtime", "python3.13", "-o", str(folder / "layer.zip")]


def test_package_that_must_be_compiled_is_an_error_that_names_the_container_builder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise it is compiled for the wrong machine, or a user does not know what to do."""
    package = Package(name="app", files=["app-1.0-cp313-cp313-win_amd64.whl", "app-1.0.tar.gz"])

    assert main(["build", *write_project(tmp_path, package)]) == 1

    printed = capsys.readouterr().err
    assert "app 1.0: its sdist must be compiled: it has no wheel for python3.13 on x86_64" in printed
    assert "hint: use the container builder" in printed


def test_full_disk_while_a_wheel_is_added_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a build ends with a traceback."""

    def add(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", "http://127.0.0.1:9/simple/")
    monkeypatch.setattr(_WheelFetcher, "_add", add)

    assert main(["build", *write_project(tmp_path, Package(name="app"))]) == 1

    assert "error: app 1.0: No space left on device\n  hint: free disk space" in capsys.readouterr().err


def test_path_dependency_that_cannot_be_copied_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a build ends with a traceback."""

    def copy(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(path_dependencies, "_copy", copy)
    (tmp_path / "lib").mkdir()
    source = LockedSource(type="directory", url="lib")
    package = PlannedPackage(name="lib", version="1.0", file=None, source=source, digest="0" * 64)

    with pytest.raises(BuildError, match=r"lib 1\.0: cannot be copied: .*Permission denied"):
        path_dependencies.copy_path(package, tmp_path, tmp_path / "copy")


def test_finding_is_an_error_with_its_place_and_hint() -> None:
    """Otherwise a build that is refused does not say which file is wrong."""
    finding = Finding(package="app 1.0", file="python/a.so", problem="needs x", hint="lock y", is_error=True)

    assert str(finding.error()) == "app 1.0: python/a.so: needs x\n  hint: lock y"
