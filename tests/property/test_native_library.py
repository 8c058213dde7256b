"""Properties of reading ELF files."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from samples.elf import elf

from pulumi_poetry_layer.wheels.native import NativeNeeds, needs_of

VALID = elf("x86_64", "GLIBC_2.2.5", "GLIBC_2.38")
OFFSETS = st.integers(0, len(VALID) - 1)


def test_valid_elf_file_is_read() -> None:
    """A library that needs a newer glibc would fail at import in Lambda."""
    assert needs_of(io.BytesIO(VALID)) == NativeNeeds(62, (2, 38))


@given(st.dictionaries(OFFSETS, st.integers(0, 255), min_size=1, max_size=8), st.integers(0, len(VALID)))
@settings(max_examples=300)
def test_damaged_elf_file_is_read_or_ignored(changes: dict[int, int], length: int) -> None:
    """Some packages contain damaged ELF files as test data, and could not be in a layer."""
    data = bytearray(VALID)
    for offset, value in changes.items():
        data[offset] = value

    for damaged in (data, data[:length]):
        needs = needs_of(io.BytesIO(bytes(damaged)))
        assert needs is None or len(needs.glibc) >= 1
