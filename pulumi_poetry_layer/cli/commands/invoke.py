"""``invoke``: invoke a function with a layer zip on AWS's emulator of Lambda."""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli.output import shown_build
from pulumi_poetry_layer.cli.request_options import add_target_options, given_target
from pulumi_poetry_layer.cli.values import checked
from pulumi_poetry_layer.emulator.interpreter import find_interpreter
from pulumi_poetry_layer.errors import InvocationError, PoetryLayerError, problems_of, raise_problems
from pulumi_poetry_layer.layer.invocation import invoke_function, task_problems
from pulumi_poetry_layer.layer.zip_target import zip_target

if TYPE_CHECKING:
    from pulumi_poetry_layer.cli.console import Console
    from pulumi_poetry_layer.plan.target import Target

USAGE = "FILE --handler MODULE.FUNCTION --task DIR [OPTIONS]"
EXAMPLES = ("invoke layer.zip --runtime python3.13 --handler app.handler --task src --event '{\"id\": 1}'",)

_LONGEST_SECONDS = 900  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that only this command has."""
    parser.add_argument("layer", type=Path, metavar="FILE", help="the layer zip")
    parser.add_argument("--handler", required=True, metavar="MODULE.FUNCTION", help="the handler, such as app.handler")
    parser.add_argument("--task", type=Path, required=True, metavar="DIR", help="folder with the code of the function")
    parser.add_argument("--event", type=checked(_json), default={}, metavar="JSON", help="the event (default: {})")
    parser.add_argument(
        "--env",
        type=checked(_variable),
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="environment variable of the function, repeatable; it gets none of this machine",
    )
    parser.add_argument(
        "--timeout", type=checked(_seconds), default=30, metavar="SECONDS", help="how long it may run (default: 30)"
    )
    add_target_options(parser)


def check(options: argparse.Namespace) -> None:
    """Raise what is wrong with the input, for a command line that is wrong, too."""
    _target(options)


def run(options: argparse.Namespace, console: Console) -> None:
    """Invoke the function, and print its answer.

    Raises:
        InvocationError: the function raised an error.
    """
    target = _target(options)
    with shown_build(console) as show_line:
        answer = invoke_function(
            options.layer,
            target,
            find_interpreter(target),
            task=options.task,
            handler=options.handler,
            event=options.event,
            timeout=options.timeout,
            show_line=show_line,
            variables=dict(options.env),
        )
    error = answer.error
    if console.json:
        console.print_json({"answer": answer.value, "error": error and asdict(error)})
    elif not error:
        console.print(json.dumps(answer.value))
    if error:
        raise InvocationError(str(error), where=options.handler)


def _target(options: argparse.Namespace) -> Target:
    """The target of the layer.

    Raises:
        PoetryLayerError: the input is wrong; all problems are reported together.
    """
    problems: list[PoetryLayerError] = list(task_problems(options.task)) if options.task else []
    try:
        target, _ = zip_target(options.layer, given_target(options))
    except PoetryLayerError as error:
        problems = [*problems_of(error), *problems]
    raise_problems(problems)
    return target


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (equals and re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name) and "\0" not in value):
        raise ValueError(f"{text!r} is not NAME=VALUE, with only letters, digits and _ in the name")
    return name, value


def _seconds(text: str) -> int:
    if not (text.isdecimal() and 0 < int(text) <= _LONGEST_SECONDS):
        raise ValueError(f"{text!r} is not a number of seconds from 1 to {_LONGEST_SECONDS}")
    return int(text)
