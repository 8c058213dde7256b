"""Trees, with guides from each line to those below it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Node = TypeVar("Node")

_BRANCH, _LAST, _LINE, _SPACE = "├── ", "└── ", "│   ", "    "
_NARROWEST = 24


def guide_lines(
    roots: Sequence[Node],
    below: Callable[[Node], Sequence[Node]],
    label: Callable[[Node], str],
    *,
    width: int | None,
) -> Iterator[str]:
    """The lines of a tree, from top to bottom.

    Args:
        roots: the nodes at the left.
        below: the nodes below a node. It is called once for each node, just after the line of that node.
        label: the text of a node.
        width: where to break lines; None for one line for each node.
    """
    waiting = [(node, "", "", "") for node in reversed(roots)]
    while waiting:
        node, before, branch, continuation = waiting.pop()
        text = label(node)
        children = below(node)
        guides = before + continuation
        yield from _wrapped(text, before + branch, guides + (_LINE if children else _SPACE), width)
        for index, child in enumerate(reversed(children)):
            waiting.append((child, guides, _LAST, _SPACE) if index == 0 else (child, guides, _BRANCH, _LINE))


def _wrapped(text: str, first: str, others: str, width: int | None) -> Iterator[str]:
    if width is None or len(first) + len(text) <= width:
        yield first + text
        return
    space = max(width - len(others), _NARROWEST)
    lines = textwrap.wrap(text, space, break_long_words=False, break_on_hyphens=False)
    yield first + lines[0]
    for line in lines[1:]:
        yield others + line
