"""Whatever an ELF file says of itself, it is read or passed over, and soon."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from samples.elf import elf

from pulumi_poetry_layer.wheels.native import NativeNeeds, needs_of

SOUND = elf("x86_64", "GLIBC_2.2.5", "GLIBC_2.38")
PLACES = st.integers(0, len(SOUND) - 1)


def test_a_sound_one_is_read() -> None:
    """A layer would fail at import."""
    assert needs_of(io.BytesIO(SOUND)) == NativeNeeds(62, (2, 38))


@given(st.dictionaries(PLACES, st.integers(0, 255), min_size=1, max_size=8), st.integers(0, len(SOUND)))
@settings(max_examples=300)
def test_a_damaged_one_is_no_reason_to_fail(changes: dict[int, int], length: int) -> None:
    """Packages bring broken ones as test data, and a hostile one would stop every build."""
    data = bytearray(SOUND)
    for place, value in changes.items():
        data[place] = value

    for damaged in (data, data[:length]):
        needs = needs_of(io.BytesIO(bytes(damaged)))
        assert needs is None or len(needs.glibc) >= 1
