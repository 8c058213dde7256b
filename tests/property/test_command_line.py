"""A command line that is read the short way is what argparse would make of it."""

from __future__ import annotations

from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from types import SimpleNamespace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pulumi_poetry_layer.command_line import _parser, plain_options

FLAGS = [
    "--project-dir", "--runtime", "--architecture", "--group", "--extra", "--exclude", "--builder", "--output",
    "--compare", "--size", "--json", "--docker",
]  # fmt: skip
ABBREVIATED = ["--project", "--out", "--g", "--ex", "--exc", "--j", "--s"]
VALUES = st.sampled_from(["local", "wheels", "python3.13", "a", "-", "--", "-1", "--json", "", "x y", "-h", "a=b"])
OPTIONS = st.one_of(
    st.tuples(st.sampled_from([*FLAGS, *ABBREVIATED])),
    st.tuples(st.sampled_from([*FLAGS, *ABBREVIATED]), VALUES),
    st.builds(lambda flag, value: (f"{flag}={value}",), st.sampled_from(FLAGS), VALUES),
    st.tuples(VALUES),
)
COMMANDS = st.sampled_from(["plan", "build", "inspect", "cache", "--help", ""])
PARSER = _parser()


def by_argparse(words: list[str]) -> SimpleNamespace | None:
    """What argparse makes of a command line; None where it ends the program."""
    try:
        with redirect_stderr(StringIO()), redirect_stdout(StringIO()):
            return PARSER.parse_args(words, SimpleNamespace())
    except SystemExit:
        return None


@given(COMMANDS, st.lists(OPTIONS, max_size=5))
@example("build", [("--output", "a"), ("--group", "a"), ("--group", "b"), ("--extra=c",), ("--json",)])
@settings(max_examples=500)
def test_what_is_read_the_short_way_is_what_argparse_reads(command: str, options: list[tuple[str, ...]]) -> None:
    """A layer would be built for another target than was asked for, or a typo would pass without a word."""
    words = [command, *(word for option in options for word in option)]
    read = plain_options(words)

    assert read is None or read == by_argparse(words)


@given(
    st.sampled_from(["plan", "build"]),
    st.lists(st.tuples(st.sampled_from(FLAGS[:6]), st.sampled_from(["a", "b/c", "python3.12"])), max_size=8),
)
def test_options_with_their_values_are_read_the_short_way(command: str, options: list[tuple[str, str]]) -> None:
    """Every start would take the long way, and nobody would see why builds are slow."""
    output = ["--output", "layer.zip"] if command == "build" else []
    words = [command, *output, *(word for option in options for word in option), "--json"]
    read = plain_options(words)

    assert read is not None
    assert read == by_argparse(words)
