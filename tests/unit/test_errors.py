"""Tests of the error tree."""

from __future__ import annotations

import inspect
import pickle

import pytest

from pulumi_poetry_layer import errors
from pulumi_poetry_layer.errors import (
    BuildError,
    InputError,
    MultipleInputError,
    PoetryLayerError,
    StaleLockError,
    TargetError,
    raise_problems,
)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PoetryLayerError("it broke"), "it broke"),
        (PoetryLayerError("it broke", where="poetry.lock"), "poetry.lock: it broke"),
        (PoetryLayerError("it broke", hint="mend it"), "it broke\n  hint: mend it"),
        (PoetryLayerError("it broke", where="a: b", hint="mend it"), "a: b: it broke\n  hint: mend it"),
    ],
)
def test_message_says_where_what_and_next_step(error: PoetryLayerError, text: str) -> None:
    """A user would not learn in which file to look, or what to do next."""
    assert str(error) == text


def test_several_problems_are_all_in_the_message() -> None:
    """A user would mend one problem per run instead of all at once."""
    message = str(MultipleInputError([TargetError("one", hint="do this"), StaleLockError("two", where="poetry.lock")]))

    assert message == "2 problems:\n- one\n  hint: do this\n- poetry.lock: two"


def test_one_problem_is_raised_as_itself() -> None:
    """A caller that catches a class of errors would miss it when it comes alone."""
    problem = TargetError("one")

    with pytest.raises(TargetError) as caught:
        raise_problems([problem])

    assert caught.value is problem


def test_several_problems_are_raised_together() -> None:
    """All problems but one would be lost."""
    problems = (TargetError("one"), StaleLockError("two"))

    with pytest.raises(MultipleInputError) as caught:
        raise_problems(iter(problems))

    assert caught.value.problems == problems


def test_no_problem_raises_nothing() -> None:
    """Good input would be refused."""
    raise_problems([])


@pytest.mark.parametrize(
    "kind", [k for _, k in inspect.getmembers(errors, inspect.isclass) if k.__module__ == errors.__name__]
)
def test_all_errors_belong_to_one_tree(kind: type[Exception]) -> None:
    """`except PoetryLayerError` in a user's program would let an error through."""
    assert issubclass(kind, PoetryLayerError)


def test_wrong_input_is_not_a_failed_build() -> None:
    """A user could not tell "nothing has been tried yet" from "the build failed"."""
    assert not issubclass(InputError, BuildError)
    assert not issubclass(BuildError, InputError)


@pytest.mark.parametrize(
    "error",
    [StaleLockError("what", where="where", hint="hint"), MultipleInputError([TargetError("a"), TargetError("b")])],
)
def test_errors_survive_the_way_between_processes(error: PoetryLayerError) -> None:
    """Pulumi's provider process would report a pickling error instead of the real one."""
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - made one line before
