"""Reading deflate streams and taking checksums, with the quickest library at hand.

ISA-L does both about four times as fast as the zlib that most Pythons are built with, and gives the same results:
what inflates and what a CRC-32 is, is defined. (What deflates is not, so nothing is compressed here.) Where there is
no ISA-L for a platform, zlib does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zlib import crc32, decompressobj, error  # the same functions, better described
else:
    try:
        from isal.isal_zlib import crc32, decompressobj, error
    except ImportError:
        from zlib import crc32, decompressobj, error

__all__ = ["crc32", "decompressobj", "error"]
