"""The settings in pip's configuration files that say where packages come from.

Builds run without these files, because other settings in them (``user``, ``target``, ``no-binary``) can break a build
or change its result. https://pip.pypa.io/en/stable/topics/configuration/
"""

from __future__ import annotations

import os
import sys
from configparser import Error, RawConfigParser
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SETTINGS = (
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "trusted-host",
    "cert",
    "client-cert",
    "proxy",
    "timeout",
    "retries",
    "keyring-provider",
)
_SECTIONS = ("global", "install")  # the second one has precedence


def pip_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """The settings as environment variables of pip (``PIP_INDEX_URL``).

    Args:
        variables: environment variables of this process.
    """
    found: dict[str, str] = {}
    for path in _files(variables):
        parser = RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (Error, OSError, UnicodeDecodeError):
            continue  # pip ignores unreadable files too, or reports them itself when the user calls it
        for section in _SECTIONS:
            for name, value in parser.items(section) if parser.has_section(section) else ():
                key = name.lower().replace("_", "-")
                if key in _SETTINGS and value.strip():
                    found[f"PIP_{key.upper().replace('-', '_')}"] = " ".join(value.split())
    return found


def _files(variables: Mapping[str, str]) -> Iterator[Path]:
    """Pip's configuration files; each has precedence over those before it."""
    given = variables.get("PIP_CONFIG_FILE")
    if given == os.devnull:
        return
    home = Path(variables.get("HOME") or Path.home())
    for folder in reversed((variables.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)):
        yield Path(folder, "pip", "pip.conf")
    yield Path("/etc/pip.conf")
    yield home / ".pip" / "pip.conf"
    yield Path(variables.get("XDG_CONFIG_HOME") or home / ".config", "pip", "pip.conf")
    yield home / "Library" / "Application Support" / "pip" / "pip.conf"  # macOS
    if application_data := variables.get("APPDATA"):  # Windows
        yield Path(application_data, "pip", "pip.ini")
    yield Path(sys.prefix, "pip.conf")
    if given:
        yield Path(given)
