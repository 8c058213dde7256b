"""Responses of the emulator, and the answers of the function in them."""

from __future__ import annotations

import json

import pytest

from pulumi_poetry_layer.emulator.answers import Answer, FunctionError, parse_answer

RAISED = {
    "errorMessage": "no stock",
    "errorType": "KeyError",
    "requestId": "7d2c",
    "stackTrace": ["  File a, line 1\n"],
}
ENDED = "RequestId: fcc086c7 Error: Runtime exited with error: signal: segmentation fault"


@pytest.mark.parametrize(
    "value", [None, 0, "text", [1], {"statusCode": 500}, {"errorType": "none", "errorMessage": ""}]
)
def test_value_of_a_response_is_the_answer(value: object) -> None:
    """A function that reports an error of its own business in its answer has not failed."""
    assert parse_answer(200, json.dumps(value).encode()) == Answer(value=value)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (
            200,
            json.dumps(RAISED),
            FunctionError(type="KeyError", message="no stock", stack=("  File a, line 1\n",)),
        ),
        (
            502,
            json.dumps({"errorType": "Runtime.ExitError", "errorMessage": ENDED}),
            FunctionError(type="Runtime.ExitError", message="Runtime exited with error: signal: segmentation fault"),
        ),
        (
            200,
            "Task timed out after 2.00 seconds",
            FunctionError(type="Sandbox.Timedout", message="Task timed out after 2.00 seconds"),
        ),
        (502, "", FunctionError(type="Runtime.InvalidResponse", message="HTTP status 502")),
        (500, "[]", FunctionError(type="HTTP status 500", message="")),
    ],
)
def test_failed_function_is_an_error_with_its_type_and_message(status: int, body: str, error: FunctionError) -> None:
    """The emulator sends an exception with the status of a success, and `invoke` would exit with 0."""
    assert parse_answer(status, body.encode()) == Answer(value=None, error=error)
