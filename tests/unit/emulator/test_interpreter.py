"""Which Python a function runs on, and which shared libraries it gets."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from pulumi_poetry_layer.emulator import interpreter
from pulumi_poetry_layer.emulator.interpreter import find_interpreter, linked_libraries
from pulumi_poetry_layer.errors import HostError
from pulumi_poetry_layer.plan.target import Target

TARGET = Target("python3.13", "x86_64")
LDD_OUTPUT = """\
/opt/python/bin/python3.13:
\tlinux-vdso.so.1 (0x00007fd7fcaf4000)
\tlibpython3.13.so.1.0 => /opt/python/lib/libpython3.13.so.1.0 (0x00007fd7fc400000)
\tlibgone.so.1 => not found
\t/lib64/ld-linux-x86-64.so.2 (0x00007fd7fcaf6000)
/opt/python/lib/python3.13/lib-dynload/_ctypes.so:
\tlibffi.so.8 => /lib/x86_64-linux-gnu/libffi.so.8 (0x00007fd7fc400000)
"""


def linux_on(monkeypatch: pytest.MonkeyPatch, machine: str) -> None:
    """Let this machine look like Linux with glibc on another processor."""
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    monkeypatch.setattr(platform, "machine", lambda: machine)


def test_loader_and_libraries_are_read_from_the_output_of_ldd() -> None:
    """A library that is not copied fails the start of Python, far from its cause."""
    loader, libraries = linked_libraries(LDD_OUTPUT)
    assert loader == Path("/lib64/ld-linux-x86-64.so.2")
    assert libraries == {
        "libpython3.13.so.1.0": Path("/opt/python/lib/libpython3.13.so.1.0"),
        "libffi.so.8": Path("/lib/x86_64-linux-gnu/libffi.so.8"),
    }


def test_static_program_has_no_loader() -> None:
    """Python would be started without a loader."""
    assert linked_libraries("\tnot a dynamic executable\n") == (None, {})


def test_machine_with_another_processor_is_an_error_that_says_what_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user would see that Python cannot load a library."""
    linux_on(monkeypatch, "aarch64")
    with pytest.raises(HostError, match=r"cannot run python3\.13 on x86_64 on this machine, which is aarch64"):
        find_interpreter(TARGET)


@pytest.mark.parametrize(
    ("system", "found"), [("Darwin", "Darwin"), ("Windows", "Windows"), ("Linux", "Linux without")]
)
def test_other_operating_system_is_an_error_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch, system: str, found: str
) -> None:
    """The user would see that unshare is missing."""
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    with pytest.raises(HostError, match=f"needs Linux with glibc, and this is {found}") as caught:
        find_interpreter(TARGET)
    assert "WSL 2" in str(caught.value)


def test_missing_python_is_an_error_that_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user would not know which of the Pythons of this machine counts."""
    linux_on(monkeypatch, "x86_64")
    monkeypatch.setattr(interpreter, "find_python", lambda _: None)
    with pytest.raises(HostError, match=r"has no python3\.13") as caught:
        find_interpreter(TARGET)
    assert "uv python install 3.13" in str(caught.value)
