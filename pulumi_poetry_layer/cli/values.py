"""Values of options that are wrong do not end the program at once, so that all problems are reported together."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli.commands import UsageError
from pulumi_poetry_layer.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


@dataclass(frozen=True)
class WrongValue:
    """A value that is wrong, and why."""

    problem: str
    hint: str | None = None


def checked(read: Callable[[str], object]) -> Callable[[str], object]:
    """A type for an option; ``read`` raises a ValueError for a wrong value."""

    def read_or_keep(text: str) -> object:
        try:
            return read(text)
        except ValueError as error:
            return WrongValue(str(error))

    return read_or_keep


def one_of(names: Sequence[str], kind: str) -> Callable[[str], object]:
    """A type for an option whose value is one of a few names.

    Args:
        names: the names.
        kind: what the names are called, in the singular.
    """

    def check(text: str) -> object:
        if text in names:
            return text
        return WrongValue(f"unknown {kind} {text!r}", suggestion(text, names, f"known {kind}s"))

    return check


def take_wrong_values(options: argparse.Namespace, option_names: Mapping[str, str]) -> Iterator[UsageError]:
    """Replace wrong values by None, and report each of them.

    Args:
        options: the options, which are changed.
        option_names: destination of an option → its name.
    """
    for destination, value in vars(options).items():
        listed = value if isinstance(value, list) else [value]
        wrong = [one for one in listed if isinstance(one, WrongValue)]
        if wrong:
            setattr(options, destination, None)
        for one in wrong:
            yield UsageError(one.problem, where=option_names.get(destination), hint=one.hint)
