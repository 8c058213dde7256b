"""The errors of the provider's process, as the SDK sends them to the engine."""

from __future__ import annotations

import sys
import traceback
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

from pulumi_poetry_layer.errors import BuildError
from pulumi_poetry_layer.sdk_internals.tracebacks import hide_tracebacks


def process(monkeypatch: pytest.MonkeyPatch, name: str) -> ModuleType:
    """A process that runs a module of this name, which has the standard library's ``traceback``."""
    main = ModuleType("__main__")
    main.__spec__ = ModuleSpec(name, None)
    vars(main)["traceback"] = traceback
    monkeypatch.setitem(sys.modules, "__main__", main)
    return main


def test_error_of_a_failed_build_is_sent_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the message comes after many lines of traceback, because the SDK sends them all."""
    server = process(monkeypatch, "pulumi.dynamic.__main__")
    hide_tracebacks()

    def sent(error: Exception) -> str:
        try:
            raise error
        except Exception:
            return str(vars(server)["traceback"].format_exc())

    assert sent(BuildError("the build failed", hint="do this")) == "the build failed\n  hint: do this"
    assert sent(ZeroDivisionError()).startswith("Traceback"), "a bug is reported with its traceback"


@pytest.mark.parametrize("name", ["pytest.__main__", "pulumi.dynamic.__main__"])
def test_other_processes_and_other_releases_of_the_sdk_are_left_alone(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a program that uses this package loses its tracebacks, or an update of Pulumi ends every build."""
    main = process(monkeypatch, name)
    if name.startswith("pulumi"):
        del vars(main)["traceback"]
    before = dict(vars(main))
    hide_tracebacks()
    assert vars(main) == before
