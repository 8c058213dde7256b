"""Tests of escaping control characters."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.printable import has_control_character, printable, printable_line, shortened


@pytest.mark.parametrize(
    ("text", "lines", "line"),
    [
        ("plain ä → 日本", "plain ä → 日本", "plain ä → 日本"),
        ("a\tb\nc", "a\tb\nc", r"a\tb\nc"),
        ("a\r\nb", "a\nb", r"a\r\nb"),
        ("a\rb", r"a\rb", r"a\rb"),
        ("\x1b[2J", r"\x1b[2J", r"\x1b[2J"),
        ("\x00\x7f\x9b", r"\x00\x7f\x9b", r"\x00\x7f\x9b"),
        ("\u202ea\u2066", r"\u202ea\u2066", r"\u202ea\u2066"),
        ("\u2028\u0085", r"\u2028\x85", r"\u2028\x85"),
        ("\ud800", r"\ud800", r"\ud800"),
    ],
)
def test_control_characters_are_escaped(text: str, lines: str, line: str) -> None:
    """A name from a lock file or a wheel could clear a terminal, or forge lines of a CI log."""
    assert printable(text) == lines
    assert printable_line(text) == line
    assert has_control_character(text) is (line != text)


def test_very_long_words_are_cut_in_the_middle_and_others_are_not() -> None:
    """A message would show a name of a megabyte, or not the whole list of locked files."""
    listed = ", ".join(f"file-{number}.whl" for number in range(1000))

    assert shortened(listed) == listed
    assert shortened("a" * 400) == "a" * 400
    assert shortened(f"x: {'a' * 5000}{'b' * 5000}: y") == f"x: {'a' * 200}…{'b' * 49}: y"
