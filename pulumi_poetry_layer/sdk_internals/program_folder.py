"""The folder of the running Pulumi program, as the engine has given it.

The engine runs the dynamic provider and the AWS plugin in this folder, so paths in the state are relative to it. The
SDK has no function that returns it: ``get_root_directory`` is the folder of ``Pulumi.yaml``, which ``main:`` may leave.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_LANGUAGE_HOST = "pulumi-language-python-exec"
_AUTOMATION_SERVER = "pulumi.automation._server"


def program_folder() -> Path:
    """The folder of the Pulumi program, even if the program has changed its working directory; respects ``main:``.

    Outside of a deployment, as in unit tests, it is the working directory.
    """
    return _folder_of_language_host() or _folder_of_inline_program() or Path.cwd()


def _folder_of_language_host() -> Path | None:
    """The folder that the engine has given to the language host, which runs the program in its process."""
    hosts = [index for index, argument in enumerate(sys.orig_argv) if Path(argument).stem == _LANGUAGE_HOST]
    if not hosts:
        return None
    options = iter(sys.orig_argv[hosts[0] + 1 :])
    for option in options:
        name, _, value = option.partition("=")
        if name == "--pwd":
            return _absolute(value or next(options, ""))
    return None


def _folder_of_inline_program() -> Path | None:
    """The folder that the engine has given to the Automation API, which calls the program as a function.

    It does not pass the folder on, so this looks at the request that it is answering.
    """
    for frame in _callers(sys._getframe()):
        if frame.f_globals.get("__name__") == _AUTOMATION_SERVER and "request" in frame.f_locals:
            return _absolute(str(getattr(frame.f_locals["request"], "pwd", "")))
    return None


def _callers(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _absolute(folder: str) -> Path | None:
    path = Path(folder)
    return path if path.is_absolute() else None
