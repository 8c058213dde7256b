"""Checks of texts in a lock file that later become file names, addresses or arguments of programs. Pure.

``content-hash`` does not cover the packages of a lock file, so anyone who can change the lock file can put any text
there. Poetry itself writes nothing that is refused here.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pulumi_poetry_layer.masking import mask_address
from pulumi_poetry_layer.printable import has_control_character

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_poetry_layer.poetry.toml_tables import Table

_HEX_DIGITS = {
    "md5": 32,
    "sha1": 40,
    "sha224": 56,
    "sha256": 64,
    "sha384": 96,
    "sha512": 128,
    "sha3_224": 56,
    "sha3_256": 64,
    "sha3_384": 96,
    "sha3_512": 128,
    "blake2b": 128,
    "blake2s": 64,
}
"""Hash algorithm → number of hexadecimal digits: the algorithms of ``hashlib`` with digests of fixed length."""

_HASH = re.compile("|".join(f"{algorithm}:[0-9a-fA-F]{{{digits}}}" for algorithm, digits in _HEX_DIGITS.items()))
_COMMIT = re.compile("[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_COMMON_FILE = re.compile("sha256:[0-9a-f]{64} [A-Za-z0-9][A-Za-z0-9._+!-]{0,254}")
_NAME = re.compile("[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_GROUP = re.compile("[A-Za-z0-9._-]+")

_SOURCE_TYPES = frozenset({"legacy", "git", "url", "file", "directory"})
_LONGEST_FILE_NAME = 255  # bytes, in nearly all file systems

_SCHEMES = {
    "git": frozenset({"https", "http", "ssh", "git", "file"}),
    "url": frozenset({"https", "http"}),
    "legacy": frozenset({"https", "http"}),
}
"""Type of a source → the schemes of its address. git runs the program ``git-remote-x`` for other schemes."""

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_REMOTE_HELPER = re.compile(r"[A-Za-z0-9+.-]*::")


def check(table: Table, key: str, text: str, problem_of: Callable[[str], str | None]) -> None:
    """Raise an error of the table if ``problem_of`` finds a problem in the text of a key.

    Raises:
        InputError: there is a problem. The class is that of the table.
    """
    if problem := problem_of(text):
        raise table.problem(key, problem)


def is_common_file(name: str, hash_: str) -> bool:
    """Whether name and hash of a file are as usual, so that they need no further check. A lock file has thousands."""
    return _COMMON_FILE.fullmatch(f"{hash_} {name}") is not None


def hash_problem(text: str) -> str | None:
    """Why a text is not ``<algorithm>:<hexadecimal digits>``; None if it is."""
    if _HASH.fullmatch(text):
        return None
    algorithm, _, _ = text.partition(":")
    if digits := _HEX_DIGITS.get(algorithm):
        return f"{text!r} is not a hash: {algorithm} has {digits} hexadecimal digits"
    return f"{text!r} is not a hash such as 'sha256:' and 64 hexadecimal digits"


def file_name_problem(text: str) -> str | None:
    """Why a text is not the name of a file in an unknown folder; None if it is."""
    if not text.strip(" .") or text.startswith("-") or any(separator in text for separator in "/\\:"):
        return f"{text!r} is not a file name"
    if has_control_character(text):
        return f"{text!r} has a control character"
    if len(text.encode()) > _LONGEST_FILE_NAME:
        return f"is longer than {_LONGEST_FILE_NAME} bytes"
    return None


@lru_cache(maxsize=4096)
def name_problem(text: str) -> str | None:
    """Why a text is not the name of a distribution; None if it is.

    The rule: https://packaging.python.org/en/latest/specifications/name-normalization/.
    """
    return None if _NAME.fullmatch(text) else f"{text!r} is not a valid name of a distribution"


@lru_cache(maxsize=256)
def group_problem(text: str) -> str | None:
    """Why a text is not the name of a dependency group; None if it is."""
    return None if _GROUP.fullmatch(text) else f"{text!r} is not a valid name of a group"


def source_type_problem(text: str) -> str | None:
    """Why a text is not a type of source; None if it is."""
    return None if text in _SOURCE_TYPES else f"{text!r} is not one of {', '.join(sorted(_SOURCE_TYPES))}"


def commit_problem(text: str) -> str | None:
    """Why a text is not the id of a git commit; None if it is. A branch or an option of git is not."""
    return None if _COMMIT.fullmatch(text) else f"{text!r} is not the id of a git commit (40 hexadecimal digits)"


def reference_problem(text: str) -> str | None:
    """Why a text is not a git reference; None if it is."""
    if text.startswith("-") or has_control_character(text):
        return f"{text!r} is not a git reference"
    return None


def subdirectory_problem(text: str) -> str | None:
    """Why a text is not a path inside a repository or archive; None if it is."""
    inside = posixpath.normpath(text).partition("/")[0] != ".."
    if not inside or text.startswith(("/", "-")) or "\\" in text or ":" in text or has_control_character(text):
        return f"{text!r} is not a path inside the repository"
    return None


def address_problem(source_type: str, text: str) -> str | None:
    """Why a text is not the address or path of a source of this type; None if it is."""
    shown = repr(mask_address(text))
    if not text or text.startswith("-") or has_control_character(text.replace("\t", " ")):
        return f"{shown} is not a valid address or path"
    schemes = _SCHEMES.get(source_type)
    if schemes is None:
        return None
    try:
        urlsplit(text)
    except ValueError:  # such as brackets without an IPv6 address between them
        return f"{shown} is not a valid address"
    address = _SCHEME.match(text)
    if address is None and source_type == "git" and not _REMOTE_HELPER.match(text):
        return None if not _host_is_option(text) else f"{shown} is not a valid address"
    if address is None or address["scheme"].lower() not in schemes:
        return f"{shown} does not start with {', '.join(f'{scheme}://' for scheme in sorted(schemes))}"
    return f"{shown} is not a valid address" if _host_is_option(address["rest"]) else None


def _host_is_option(rest: str) -> bool:
    """Whether ssh would take the host of ``user@host:path`` or ``user@host/path`` for an option."""
    return rest.rpartition("@")[2].startswith("-") or rest.startswith("-")
