"""A built distribution's METADATA, without the places on the build host that it names.

Build backends write a project's own path dependencies as ``Requires-Dist: name @ file:///…``, with the folder that the
build ran in. The name alone is as true in a layer, and the same on every host.
"""

from __future__ import annotations

import re

_LOCAL_REQUIREMENT = re.compile(rb"(?im)^(Requires-Dist: *[^@;\s]+(?: *\[[^\]]*\])?) *@ *file:[^\s;]*")


def without_local_places(metadata: bytes) -> bytes:
    """The METADATA with requirements that name a file URL brought down to name, extras and marker."""
    headers, blank_line, description = metadata.partition(b"\n\n")
    return _LOCAL_REQUIREMENT.sub(rb"\1", headers) + blank_line + description
