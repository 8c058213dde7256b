"""What a function answers, in the form of the emulator's responses (pure)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_ERROR_KEYS = {"errorMessage", "errorType", "requestId", "stackTrace"}
_REQUEST_ID = re.compile(r"^RequestId: \S+ (Error: )?")
_TIMED_OUT = "Task timed out"
_OK = 200


@dataclass(frozen=True, kw_only=True)
class FunctionError:
    """An error of a function: an exception that it raised, or a runtime that ended or took too long.

    Attributes:
        type: the name of the exception's class, or of the emulator's error, such as ``Runtime.ExitError``.
        message: the message.
        stack: the lines of the traceback.
    """

    type: str
    message: str
    stack: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a function answered.

    Attributes:
        value: the JSON value that it returned; None if it failed.
        error: why it failed; None if it did not.
    """

    value: Any
    error: FunctionError | None = None


def parse_answer(status: int, body: bytes) -> Answer:
    """The answer in a response of the emulator.

    It sends the error of a function with the status of a success, and reports errors of its own as text or JSON.
    """
    try:
        value = json.loads(body)
    except ValueError:
        text = body.decode("utf-8", "replace").strip()
        kind = "Sandbox.Timedout" if text.startswith(_TIMED_OUT) else "Runtime.InvalidResponse"
        return Answer(value=None, error=FunctionError(type=kind, message=text or f"HTTP status {status}"))
    if status == _OK and not (isinstance(value, dict) and value.keys() == _ERROR_KEYS):
        return Answer(value=value)
    found = value if isinstance(value, dict) else {}
    return Answer(
        value=None,
        error=FunctionError(
            type=str(found.get("errorType") or f"HTTP status {status}"),
            message=_REQUEST_ID.sub("", str(found.get("errorMessage") or "")),
            stack=tuple(map(str, found.get("stackTrace") or ())),
        ),
    )
