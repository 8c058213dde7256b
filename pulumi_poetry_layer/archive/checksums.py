"""Decompression and CRC-32 by ISA-L, or by zlib on platforms without ISA-L.

ISA-L is faster than the zlib of most Python builds. Both give the same results, because decompression and CRC-32 are
fully specified. Compression is not: its output depends on the library, so this module does not compress.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zlib import crc32, decompressobj, error  # the same functions, with better type annotations
else:
    try:
        from isal.isal_zlib import crc32, decompressobj, error
    except ImportError:
        from zlib import crc32, decompressobj, error

__all__ = ["crc32", "decompressobj", "error"]
