"""The sha256 of short texts, without OpenSSL.

Every start of the command line takes two or three of them, and importing ``hashlib`` loads OpenSSL, which takes a
twelfth of a small build. So this is what ``hashlib`` itself falls back to. Whole files are digested by ``hashlib``,
which is faster by the megabyte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import hashlib
    from hashlib import sha256
else:
    # Neither name is public, and some distributions leave them out:
    # https://github.com/python/cpython/blob/main/Lib/hashlib.py
    try:
        from _sha2 import sha256
    except ImportError:
        try:
            from _sha256 import sha256  # Python 3.11 and older
        except ImportError:
            from hashlib import sha256


def sha256_hex(*parts: str) -> str:
    """The digest (hex) of texts one after the other, in UTF-8."""
    digest = sha256()
    for part in parts:
        digest.update(part.encode())
    return digest.hexdigest()


def sha256_of_much() -> hashlib._Hash:
    """An empty sha256 for megabytes."""
    import hashlib

    return hashlib.sha256()
