"""How messages write sizes."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.units import mebibytes, part_of


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
