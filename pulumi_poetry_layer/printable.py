"""Makes text from outside safe to print: a terminal or a CI log would act on control characters. Pure.

:class:`~pulumi_poetry_layer.errors.PoetryLayerError` escapes its own texts. The command line, the provider and the
build log escape what they print.
"""

from __future__ import annotations

import re

_CONTROL_CHARACTERS = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, DEL, C1
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"  # directions of text, line and paragraph separators
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # invisible
    "\ud800-\udfff"  # half of a character; no output encoding has them
)
_LONGEST_WORD = 400
_LONG_WORD = re.compile(rf"(\S{{200}})\S{{{_LONGEST_WORD - 250},}}(\S{{50}})")
_UNSAFE = re.compile(f"[{_CONTROL_CHARACTERS}]")
_UNSAFE_IN_LINE = re.compile(f"[\t\n{_CONTROL_CHARACTERS}]")


def printable(text: str) -> str:
    r"""The text with control characters escaped (``\x1b``); line breaks and tabs stay, ``\r\n`` becomes ``\n``."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_escaped, text.replace("\r\n", "\n"))


def printable_line(text: str) -> str:
    r"""The text as one line: with all control characters escaped, also line breaks (``\n``) and tabs (``\t``)."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE_IN_LINE.sub(_escaped, text)


def shortened(text: str) -> str:
    """The text with very long words cut in the middle: someone can write a name or a path of a megabyte."""
    return _LONG_WORD.sub(r"\1…\2", text) if len(text) > _LONGEST_WORD else text


def has_control_character(text: str) -> bool:
    """Whether the text has a character that :func:`printable_line` escapes."""
    return _UNSAFE_IN_LINE.search(text) is not None


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
