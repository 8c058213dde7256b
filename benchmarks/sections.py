"""Sections of docs/benchmarks.md: each is written by one program, which does not change the others."""

from __future__ import annotations

from pathlib import Path


def replace_section(page: Path, name: str, command: str, text: str) -> None:
    """Replace a section of the page, or add it at the end.

    Args:
        page: docs/benchmarks.md.
        name: name of the section.
        command: the command that writes it.
        text: its new text.
    """
    begin, end = f"<!-- {name}: written by `{command}` -->", f"<!-- /{name} -->"
    content = page.read_text(encoding="utf-8") if page.exists() else "# Benchmarks\n"
    before, found, rest = content.partition(begin)
    after = rest.partition(end)[2] if found else "\n"
    before = before if found else f"{before.rstrip()}\n\n"
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
