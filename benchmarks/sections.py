"""Sections of docs/benchmarks.md: each is written by one program, which leaves the others alone."""

from __future__ import annotations

from pathlib import Path


def replace_section(page: Path, name: str, command: str, text: str) -> None:
    """Put a section into the page, in the place of its former text or at the end."""
    begin, end = f"<!-- {name}: written by `{command}` -->", f"<!-- /{name} -->"
    content = page.read_text(encoding="utf-8") if page.exists() else "# Benchmarks\n"
    before, found, rest = content.partition(begin)
    after = rest.partition(end)[2] if found else "\n"
    before = before if found else f"{before.rstrip()}\n\n"
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
