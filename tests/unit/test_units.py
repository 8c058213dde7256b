"""How messages write sizes."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.units import mebibytes, parse_size, part_of


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 MiB"),
        (1, "<0.01 MiB"),
        (36_499, "0.03 MiB"),
        (99_614, "0.09 MiB"),
        (99_615, "0.1 MiB"),
        (250 << 20, "250.0 MiB"),
    ],
)
def test_every_size_is_in_mib(size: int, text: str) -> None:
    """Sizes in several units cannot be compared with each other, nor with AWS's limits."""
    assert mebibytes(size) == text


def test_part_of_a_large_size_has_no_decimals() -> None:
    """Decimals that change all the time make the line of a progress flicker."""
    assert part_of(3 << 20, 7 << 20) == "3.0 of 7.0 MiB"
    assert part_of(31 << 20, 146 << 20) == "31 of 146 MiB"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("200MiB", 200 << 20),
        ("200 mib", 200 << 20),
        ("1.5GiB", 3 << 29),
        ("64KiB", 65536),
        ("200MB", 200_000_000),
        ("209715200", 209_715_200),
        ("5B", 5),
    ],
)
def test_size_is_parsed_with_its_unit(text: str, size: int) -> None:
    """MB and MiB differ by 5 %."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MiB", "-1", "1e9", "200 M", "2 0", "\N{ARABIC-INDIC DIGIT TWO}", "9" * 40])
def test_text_that_is_no_size_is_refused(text: str) -> None:
    """A typo would be another limit."""
    with pytest.raises(ValueError, match="is not a size such as 200MiB"):
        parse_size(text)
