"""The METADATA of a wheel that was built from source, without paths of the build host.

A build backend writes a path dependency as ``Requires-Dist: name @ file:///…``, with the path on the build host. A
layer contains that dependency under its name, and the name is the same on every host.
"""

from __future__ import annotations

import re

_LOCAL_REQUIREMENT = re.compile(rb"(?im)^(Requires-Dist: *[^@;\s]+(?: *\[[^\]]*\])?) *@ *file:[^\s;]*")


def without_file_urls(metadata: bytes) -> bytes:
    """METADATA with its requirements on ``file:`` URLs reduced to name, extras and marker."""
    headers, blank_line, description = metadata.partition(b"\n\n")
    return _LOCAL_REQUIREMENT.sub(rb"\1", headers) + blank_line + description
