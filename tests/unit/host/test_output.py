"""Lines that a stream cannot encode or cannot write."""

from __future__ import annotations

from io import BytesIO, TextIOWrapper
from pathlib import Path
from threading import Thread

import pytest

from pulumi_poetry_layer.host.output import say, say_from_threads, saying, write_line

LINE = "six 1.16.0 → 1.17.0, \N{MINUS SIGN}idna; ä \N{SNOWMAN}"


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("ascii", "six 1.16.0 -> 1.17.0, -idna; \\xe4 \\u2603"),
        ("cp1252", "six 1.16.0 -> 1.17.0, -idna; ä \\u2603"),
        ("utf-8", LINE),
    ],
)
def test_character_that_the_encoding_does_not_have_is_replaced(encoding: str, written: str) -> None:
    """Otherwise a deployment on Windows stops with a UnicodeEncodeError."""
    output = BytesIO()
    stream = TextIOWrapper(output, encoding=encoding, newline="\n")
    write_line(LINE, stream)
    assert output.getvalue().decode(encoding) == f"{written}\n"


def test_stream_that_is_full_closed_or_missing_raises_nothing(tmp_path: Path) -> None:
    """Otherwise a deployment stops because nobody reads its output any more."""
    closed = (tmp_path / "closed").open("w", encoding="utf-8")
    closed.close()
    write_line("line", closed)
    write_line("line", None)
    if Path("/dev/full").exists():
        full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - closing it fails
        write_line("line", full)
        with pytest.raises(OSError, match="No space left"):
            full.close()


def test_lines_go_to_standard_output_or_where_the_program_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise the lines of a build are lost, or are shown under another resource."""
    shown: list[str] = []
    say("to standard output")
    with saying(shown.append):
        say("shown")
        thread = Thread(target=say_from_threads(), args=["shown by a thread"])
        thread.start()
        thread.join()
        with saying(lambda line: shown.append(f"inner: {line}")):
            say("shown")
    say("to standard output")
    assert shown == ["shown", "shown by a thread", "inner: shown"]
    assert capsys.readouterr().out == "to standard output\n" * 2
