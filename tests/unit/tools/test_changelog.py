"""A release is refused if the changelog does not say what its users must know."""

from __future__ import annotations

from pathlib import Path

import pytest
from changelog import UNRELEASED, problems_of_fingerprints, problems_of_release, sections

from pulumi_poetry_layer.plan.build_plan import FORMAT_VERSION

REPOSITORY = Path(__file__).resolve().parents[3]

CHANGELOG = """\
# Changelog

## Unreleased

## 0.2.0 - 2027-01-05

Fingerprints: format 2; every layer is replaced by the next `pulumi up`.

- Layers have no symbolic links.

## 0.1.0 - 2026-12-01

Fingerprints: format 1.

- `PoetryLayer`.
"""


def problems(changelog: str, version: str = "0.2.0", fingerprint_format: int = 2) -> list[str]:
    """What is missing for a release."""
    return list(problems_of_release(changelog, version, fingerprint_format))


def test_release_with_its_section_is_accepted() -> None:
    """Nothing could be released."""
    assert problems(CHANGELOG) == []
    assert [section.name for section in sections(CHANGELOG)] == [UNRELEASED, "0.2.0", "0.1.0"]


@pytest.mark.parametrize(
    ("removed", "put_in"),
    [
        ("## 0.2.0 - 2027-01-05", "## Unreleased"),
        ("## 0.2.0 - 2027-01-05", "## 0.2.0"),
        ("## 0.2.0 - 2027-01-05", "## 0.2.0 - soon"),
        (CHANGELOG.partition("2027-01-05\n")[2].partition("## 0.1.0")[0], ""),
    ],
    ids=["no section", "no date", "no date but a word", "no text"],
)
def test_release_without_its_section_is_refused(removed: str, put_in: str) -> None:
    """Users would have to read commits to know what a release changes."""
    (problem,) = problems(CHANGELOG.replace(removed, put_in))

    assert problem == 'no section "## 0.2.0 - <date>" with text. Rename "Unreleased" to it.'


def test_release_below_a_newer_one_is_refused() -> None:
    """Users would read that an older release is the newest."""
    (problem,) = problems(CHANGELOG, "0.1.0", 1)

    assert problem == "the section 0.1.0 is below 0.2.0. The newest release comes first."


def test_new_format_of_fingerprints_that_is_not_announced_is_refused() -> None:
    """All layers of all users would be replaced without a word."""
    (problem,) = problems(CHANGELOG.replace("; every layer is replaced by the next `pulumi up`", ""))

    assert problem == '0.2.0: format 1 becomes 2. Say that "every layer is replaced".'


@pytest.mark.parametrize(("line", "stated"), [("Fingerprints: format 1.", "1"), ("Fingerprints are fine.", "None")])
def test_section_with_another_format_than_the_code_is_refused(line: str, stated: str) -> None:
    """The changelog would promise that layers stay, and they would be replaced."""
    found = problems(CHANGELOG.replace("Fingerprints: format 2;", f"{line} And:"))

    assert found == [
        f"0.2.0: the code has fingerprints of format 2, the section says {stated}. "
        'Write a line "Fingerprints: format 2 …" into it.'
    ]


def test_changelog_of_this_checkout_says_which_fingerprints_it_has() -> None:
    """A change of the format would be forgotten until the release."""
    found = sections((REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8"))

    assert found[0].name == UNRELEASED
    assert list(problems_of_fingerprints(found, found[0], FORMAT_VERSION)) == []
