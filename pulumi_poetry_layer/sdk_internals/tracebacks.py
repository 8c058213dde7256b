"""How the process of a dynamic provider sends an error to the engine.

``pulumi.dynamic.__main__`` sends ``traceback.format_exc()`` for every error; there is no other way to send text. If a
release of the SDK does something else, the traceback is shown again.
"""

from __future__ import annotations

import sys
import traceback
from types import SimpleNamespace

from pulumi_poetry_layer.errors import PoetryLayerError
from pulumi_poetry_layer.printable import printable


def hide_tracebacks() -> None:
    """Let the SDK send only the message of this package's errors to the engine, without a traceback before it."""
    server = sys.modules["__main__"]
    if getattr(server.__spec__, "name", None) == "pulumi.dynamic.__main__" and hasattr(server, "traceback"):
        vars(server)["traceback"] = SimpleNamespace(**{**vars(traceback), "format_exc": _format_error})


def _format_error() -> str:
    error = sys.exc_info()[1]
    return printable(str(error)) if isinstance(error, PoetryLayerError) else traceback.format_exc()
