"""Decompression and CRC-32 by ISA-L, or by zlib on platforms without ISA-L.

ISA-L is faster than the zlib of most Python builds. Both give the same results, because decompression and CRC-32 are
fully specified. Compression is not: its output depends on the library, so this module does not compress.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from zlib import crc32, decompressobj, error  # the same functions, with better type annotations
else:
    try:
        from isal.isal_zlib import crc32, decompressobj, error
    except ImportError:
        from zlib import crc32, decompressobj, error

__all__ = ["BLOCK", "crc32", "error", "inflated"]

BLOCK = 1 << 18
"""Bytes that are read, decompressed or written at a time; few enough to stay in the cache of the processor."""

_RAW = -15  # window bits of a deflate stream without header and checksum, as in zip files


def inflated(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Decompress a deflate stream without holding it in memory.

    Args:
        blocks: the whole stream in blocks.

    Raises:
        error: the stream is not valid, or it does not end with the last block.
    """
    decompressor = decompressobj(_RAW)
    remaining = iter(blocks)
    data = b""
    while not decompressor.eof:
        data = data or next(remaining, b"")
        block = decompressor.decompress(data, BLOCK)
        # Output can be pending after all of the input is used up, so only a call without any result is the end.
        if not (data or block or decompressor.eof):
            raise error("it is truncated")
        data = decompressor.unconsumed_tail
        yield block
    if decompressor.unused_data or next(remaining, b""):
        raise error("there is data after its end")
