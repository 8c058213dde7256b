"""Tables: on a terminal drawn in its width, elsewhere one line for each row, with everything in it."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli import output
from pulumi_poetry_layer.printable import printable_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from pulumi_poetry_layer.cli.console import Console

_GAP = "  "
_EMPTY = "-"  # so that the columns of a line can be counted
_WIDEST_BAR = 40
_SHORTEST_BAR = 5
_NARROWEST = 10  # for a column that may be narrower than its texts; on a narrower terminal, lines are as in a pipe


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table.

    Attributes:
        title: its heading.
        is_number: aligned to the right.
        wraps: it may take several lines on a narrow terminal; the others are shortened there as a last resort.
        style: how it looks on a terminal with color: a style of the library ``rich``.
    """

    title: str
    is_number: bool = False
    wraps: bool = False
    style: str = ""


def print_table(
    console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]], *, shares: Sequence[float] = ()
) -> None:
    """Print a table to standard output.

    Args:
        console: how to print.
        columns: its columns.
        rows: the texts of each row, in the order of the columns.
        shares: a number from 0 to 1 for each row, drawn as a bar at its end. Only a terminal shows it.
    """
    lines = _drawn(console, columns, rows, shares) if console.is_terminal else _aligned(columns, rows)
    for line in lines:
        output.print_prepared(line)


def _aligned(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [[column.title for column in columns], *([printable_line(cell) or _EMPTY for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        _GAP.join(
            cell.rjust(width) if column.is_number else cell.ljust(width)
            for cell, width, column in zip(row, widths, columns, strict=True)
        ).rstrip()
        for row in cells
    ]


def _drawn(
    console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]], shares: Sequence[float]
) -> list[str]:
    from rich.bar import Bar  # what follows is only needed on a terminal, and takes a while
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    texts = [[Text(printable_line(cell)) for cell in row] for row in rows]  # a text from outside is no markup
    widths = [
        max(map(cell_len, [column.title, *(row[index].plain for row in texts)])) for index, column in enumerate(columns)
    ]
    gaps = len(_GAP) * len(columns)
    least = (
        width if column.is_number else min(width, _NARROWEST) for column, width in zip(columns, widths, strict=True)
    )
    if console.width < sum(least) + gaps:
        return _aligned(columns, rows)
    table = Table(box=None, padding=(0, len(_GAP), 0, 0), pad_edge=False, header_style="bold")
    for column, width in zip(columns, widths, strict=True):
        table.add_column(
            column.title,
            justify="right" if column.is_number else "left",
            style=column.style,
            no_wrap=not column.wraps,
            overflow="fold" if column.wraps else "ellipsis",
            min_width=width if column.is_number else None,  # half a number would be another number
        )
    bar = min(_WIDEST_BAR, console.width - sum(widths) - gaps) if shares else 0
    if bar >= _SHORTEST_BAR:
        table.add_column("", width=bar)
    for index, row in enumerate(texts):
        cells: list[RenderableType] = [*row]
        table.add_row(*cells, *([Bar(1, 0, shares[index], color="cyan")] if bar >= _SHORTEST_BAR else []))
    return _rendered(table, console)


def _rendered(renderable: RenderableType, console: Console) -> list[str]:
    from rich.console import Console as RichConsole

    drawing = RichConsole(
        file=StringIO(),
        width=console.width,
        force_terminal=True,
        color_system="standard" if console.has_color() else None,
        highlight=False,
        legacy_windows=False,
    )
    with drawing.capture() as captured:
        drawing.print(renderable)
    return [line.rstrip() for line in captured.get().splitlines()]
