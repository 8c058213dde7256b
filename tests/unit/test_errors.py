"""Tests of the errors."""

from __future__ import annotations

import inspect
import pickle
import re
from pathlib import Path

import pytest

import pulumi_poetry_layer
from pulumi_poetry_layer import errors
from pulumi_poetry_layer.errors import (
    BuildError,
    DamagedSegmentError,
    DownloadError,
    InputError,
    MultipleInputError,
    PoetryLayerError,
    StaleLockError,
    SubprocessError,
    TargetError,
    WheelError,
    raise_problems,
)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PoetryLayerError("it broke"), "it broke"),
        (PoetryLayerError("it broke", where="poetry.lock"), "poetry.lock: it broke"),
        (PoetryLayerError("it broke", hint="fix it"), "it broke\n  hint: fix it"),
        (PoetryLayerError("it broke", where="a: b", hint="fix it"), "a: b: it broke\n  hint: fix it"),
    ],
)
def test_message_contains_place_problem_and_hint(error: PoetryLayerError, text: str) -> None:
    """A user would not know in which file to look, or what to do next."""
    assert str(error) == text


def test_control_characters_are_escaped_in_messages() -> None:
    """A lock file or a wheel could clear the terminal or forge lines of a CI log."""
    error = WheelError("has \x1b[2J\n::error::x", where="a\nb\u202e.whl")

    assert str(error).startswith(r"a\nb\u202e.whl: has \x1b[2J\n::error::x" + "\n  hint: ")
    assert str(SubprocessError("failed:\n\tline \x1b[31m")) == "failed:\n\tline \\x1b[31m"


def test_message_of_several_problems_lists_all() -> None:
    """A user could only fix one problem per run."""
    message = str(MultipleInputError([TargetError("one", hint="do this"), StaleLockError("two", where="poetry.lock")]))

    assert message == "2 problems:\n- one\n  hint: do this\n- poetry.lock: two"


def test_single_problem_is_raised_unchanged() -> None:
    """`except TargetError` would not catch a TargetError that is the only problem."""
    problem = TargetError("one")

    with pytest.raises(TargetError) as caught:
        raise_problems([problem])

    assert caught.value is problem


def test_several_problems_are_raised_together() -> None:
    """Only one of the problems would be reported."""
    problems = (TargetError("one"), StaleLockError("two"))

    with pytest.raises(MultipleInputError) as caught:
        raise_problems(iter(problems))

    assert caught.value.problems == problems


def test_no_problems_raise_nothing() -> None:
    """Valid input would be refused."""
    raise_problems([])


@pytest.mark.parametrize(
    "kind", [k for _, k in inspect.getmembers(errors, inspect.isclass) if k.__module__ == errors.__name__]
)
def test_all_errors_share_one_base_class(kind: type[Exception]) -> None:
    """`except PoetryLayerError` in a user's program would not catch all errors."""
    assert issubclass(kind, PoetryLayerError)


def test_input_errors_and_build_errors_are_separate() -> None:
    """A program could not distinguish wrong input from a failed build."""
    assert not issubclass(InputError, BuildError)
    assert not issubclass(BuildError, InputError)


@pytest.mark.parametrize(
    "error",
    [
        StaleLockError("what", where="where", hint="hint"),
        WheelError("what", where="where"),
        DamagedSegmentError(Path("segment")),
        MultipleInputError([TargetError("a"), TargetError("b")]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_can_be_pickled(error: PoetryLayerError) -> None:
    """A build in a process pool would end with a pickling error instead of the real one."""
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - pickled on the same line


def test_problems_that_differ_only_in_their_place_are_one_problem() -> None:
    """A user without network would read the same cause and the same hint once for each of 52 packages."""
    down = [DownloadError("PyPI cannot be reached", where=f"p{number} 1.0", hint="check it") for number in range(7)]
    message = "p0 1.0, p1 1.0, p2 1.0, p3 1.0, p4 1.0 and 2 more: PyPI cannot be reached\n  hint: check it"
    assert str(MultipleInputError(down)) == message
    other = BuildError("other", where="p8 1.0")
    assert str(MultipleInputError([*down, other])) == f"2 problems:\n- {message}\n- p8 1.0: other"


def test_problems_in_problems_are_one_list() -> None:
    """Otherwise the list says "2 problems", and one of them is "3 problems"."""
    inner = MultipleInputError([TargetError("one"), TargetError("two")])
    assert str(MultipleInputError([inner, TargetError("three")])) == "3 problems:\n- one\n- two\n- three"


def test_every_public_error_is_exported_at_the_root() -> None:
    """A user would have to import an error from a module that may move."""
    classes = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    internal = {"DamagedSegmentError"}  # the wheels builder handles it

    assert classes - internal <= set(pulumi_poetry_layer.__all__)
    assert all(getattr(pulumi_poetry_layer, name) for name in pulumi_poetry_layer.__all__)


def test_very_long_lines_are_shortened() -> None:
    """A lock file could fill the log of a CI job."""
    error = StaleLockError(f"{'x' * 100_000} is wrong", where="y" * 100_000)

    assert re.fullmatch("x+…x+ is wrong", error.what)
    assert re.fullmatch("y+…y+", str(error.where))
    assert len(str(error)) < 1000
    assert len(SubprocessError("x" * 100_000).what) == 100_000  # the whole output of a program


def test_very_many_problems_are_not_all_shown() -> None:
    """A lock file could fill the log of a CI job."""
    error = MultipleInputError([TargetError(f"problem {number}") for number in range(1000)])

    lines = str(error).splitlines()
    assert (lines[0], lines[1], lines[-1], len(lines)) == ("1000 problems:", "- problem 0", "- and 950 more", 52)
    assert len(error.problems) == 1000
