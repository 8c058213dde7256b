"""Reads CHANGELOG.md, and checks that it says what the users of a release must know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

UNRELEASED = "Unreleased"
REPLACED = "every layer is replaced"

_HEADING = re.compile(r"^## (?P<name>\S+)(?: - (?P<date>\d{4}-\d\d-\d\d))?$", re.MULTILINE)
_FORMAT = re.compile(r"^Fingerprints: format (\d+)\b", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """What has changed in a release.

    Attributes:
        name: the version, or ``UNRELEASED``.
        date: the day of the release; None if there is none.
        text: everything below the heading.
    """

    name: str
    date: str | None
    text: str

    @property
    def fingerprint_format(self) -> int | None:
        """The number of the format of fingerprints; None if the section does not say it."""
        found = _FORMAT.search(self.text)
        return int(found[1]) if found else None


def sections(changelog: str) -> list[Section]:
    """Return the sections of a changelog, the newest first."""
    headings = list(_HEADING.finditer(changelog))
    ends = [heading.start() for heading in headings[1:]] + [len(changelog)]
    return [
        Section(heading["name"], heading["date"], changelog[heading.end() : end].strip())
        for heading, end in zip(headings, ends, strict=True)
    ]


def problems_of_release(changelog: str, version: str, fingerprint_format: int) -> Iterator[str]:
    """Yield what is missing in the changelog of a release.

    Args:
        changelog: the text of CHANGELOG.md.
        version: the version to release.
        fingerprint_format: ``FORMAT_VERSION`` of the code.
    """
    found = sections(changelog)
    section = next((section for section in found if section.name == version), None)
    if section is None or section.date is None or not section.text:
        yield f'no section "## {version} - <date>" with text. Rename "{UNRELEASED}" to it.'
        return
    if newer := [other.name for other in found[: found.index(section)] if other.name != UNRELEASED]:
        yield f"the section {version} is below {', '.join(newer)}. The newest release comes first."
    yield from problems_of_fingerprints(found, section, fingerprint_format)


def problems_of_fingerprints(found: list[Section], section: Section, fingerprint_format: int) -> Iterator[str]:
    """Yield what a section does not say about fingerprints. If their format changes, every layer is replaced.

    Args:
        found: all sections, the newest first.
        section: the one to check.
        fingerprint_format: ``FORMAT_VERSION`` of the code.
    """
    stated = section.fingerprint_format
    if stated != fingerprint_format:
        yield (
            f"{section.name}: the code has fingerprints of format {fingerprint_format}, the section says {stated}. "
            f'Write a line "Fingerprints: format {fingerprint_format} …" into it.'
        )
    before = next((other.fingerprint_format for other in found[found.index(section) + 1 :]), None)
    moves = before is not None and before != fingerprint_format
    if moves and REPLACED not in section.text:
        yield f'{section.name}: format {before} becomes {fingerprint_format}. Say that "{REPLACED}".'
