"""Reads the answers of an index: a project's page, in JSON or HTML, and the end of a file."""

from __future__ import annotations

import codecs
import io
import json
import warnings
from dataclasses import dataclass
from email.message import Message
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin

from pypi_simple import (
    DistributionPackage,
    Link,
    ProjectPage,
    UnexpectedRepoVersionWarning,
    UnsupportedRepoVersionError,
)

from pulumi_poetry_layer.index.links import links_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

# A new minor version of the simple API only adds things: https://peps.python.org/pep-0629/
warnings.filterwarnings("ignore", category=UnexpectedRepoVersionWarning)

_JSON_PAGE = "application/vnd.pypi.simple.v1+json"
_CHARSET = "utf-8"
_NARROW = ("utf-8", "ascii", "iso8859", "cp125", "koi8")
_WIDE = ("utf-16", "utf-32")
_LARGEST_AT_ONCE = 4 << 20  # bytes of a page in JSON; a document needs up to twenty times as much memory
_PARTIAL_CONTENT = 206


class PageError(ValueError):
    """A project's page cannot be read. The message says why."""


@dataclass(frozen=True)
class FileEnd:
    """The end of a file on an index.

    Attributes:
        data: the last bytes of the file; empty if the index does not support range requests.
        size: size of the whole file in bytes, None if the index does not give it.
    """

    data: bytes
    size: int | None


def find_file(response: requests.Response, body: bytes, file_name: str) -> DistributionPackage | None:
    """The entry for a file on a project's page; None if the page does not list the file.

    The page may be JSON (PEP 691) or HTML (PEP 503). Poetry accepts pages with invalid entries, so this function does,
    too: only the needed parts of this file's entry have to be valid.

    Args:
        response: the answer of the index.
        body: its body.
        file_name: name of the file.

    Raises:
        PageError: the page, or the entry, cannot be read.
    """
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    try:
        return _in_json(response, body, file_name) if kind == _JSON_PAGE else _in_html(response, body, file_name)
    except PageError:
        raise
    except UnsupportedRepoVersionError as error:
        raise PageError(f"version {error.declared_version} of the simple API is not supported") from None
    except (ValueError, LookupError, RecursionError, AssertionError) as error:  # numbers, encodings, nesting, markup
        raise PageError(f"it cannot be read: {error}") from None


def _in_json(response: requests.Response, body: bytes, file_name: str) -> DistributionPackage | None:
    # Only this file goes to the library: it validates every entry, and a page has thousands of files.
    version, file = (_read_json if len(body) <= _LARGEST_AT_ONCE else _stream_json)(body, file_name)
    files: list[dict[str, Any]] = []
    if file is not None:
        files = [{"filename": file_name, "url": file.get("url"), "hashes": {}, "size": _size(file.get("size"))}]
    page = {"meta": {"api-version": str(version)}, "name": "", "files": files}
    try:
        return next(iter(ProjectPage.from_json_data(page, response.url).packages), None)
    except ValueError:  # pydantic's, with a message of many lines
        raise PageError(f"its entry for {file_name} is not valid") from None


def _read_json(body: bytes, file_name: str) -> tuple[Any, dict[str, Any] | None]:
    """The version of a page, and its entry for a file."""
    document: Any = json.loads(body)
    if not isinstance(document, dict) or not isinstance(document.get("files"), list):
        raise PageError("it has no list of files")
    meta = document.get("meta")
    version = meta.get("api-version", "1.0") if isinstance(meta, dict) else "1.0"
    return version, next(filter(partial(_is_entry, file_name), document["files"]), None)


def _stream_json(body: bytes, file_name: str) -> tuple[Any, dict[str, Any] | None]:
    """The same for a large page, which would need much memory at once. It takes several times as long."""
    import ijson  # hardly any page is so large

    try:
        version = next(ijson.items(io.BytesIO(body), "meta.api-version"), "1.0")
        entries = ijson.items(io.BytesIO(body), "files.item")
        return version, next(filter(partial(_is_entry, file_name), entries), None)
    except ijson.JSONError as error:
        raise PageError(f"it cannot be read: {error}") from None


def _is_entry(file_name: str, entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("filename") == file_name


def _size(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _in_html(response: requests.Response, body: bytes, file_name: str) -> DistributionPackage | None:
    """The link to the file.

    The name of a file is the end of its address, as for pip and Poetry. Only if no address ends with the name, it is
    the text of a link: texts can be anything, such as a path, or a shortened name.
    """
    base, found = "", None
    page, charset = _in_ascii(body, response.headers.get("Content-Type", ""))
    for link in links_of(page, charset):
        href = link.attributes.get("href")
        if link.tag == "meta":
            _check_version(link.attributes)
        elif link.tag == "base":
            base = base or href or ""
        elif href is not None and _last_segment(href) == file_name:
            found = href
            break
        elif href is not None and found is None and link.text == file_name:
            found = href
    if found is None:
        return None
    url = urljoin(urljoin(response.url, base), found)
    return DistributionPackage.from_link(Link(text=file_name, url=url, attrs={}))


def _in_ascii(body: bytes, content_type: str) -> tuple[bytes, str]:
    """A page in an encoding that contains ASCII, and the name of that encoding."""
    named = Message()
    named["Content-Type"] = content_type
    charset = codecs.lookup(named.get_content_charset() or _CHARSET).name
    if charset.startswith(_WIDE):
        return body.decode(charset, "replace").encode("utf-8", "replace"), _CHARSET
    if not charset.startswith(_NARROW):
        raise PageError(f"its encoding {charset} is not supported")
    return body, charset


def _check_version(meta: Mapping[str, str]) -> None:
    """Check the version of the simple API: https://peps.python.org/pep-0629/."""
    if meta.get("name") == "pypi:repository-version":
        version = meta.get("content", "")
        if int(version.partition(".")[0]) > 1:
            raise PageError(f"version {version} of the simple API is not supported")


def _last_segment(url: str) -> str:
    return unquote(url.partition("#")[0].partition("?")[0].rstrip("/").rpartition("/")[2])


def read_end_of(response: requests.Response, length: int, body: Callable[[], bytes]) -> FileEnd:
    """The end of a file, from the answer to a range request for the last ``length`` bytes.

    A server without range requests sends the whole file. Then the file is read only if it has at most ``length`` bytes.

    Args:
        response: the answer.
        length: how many bytes were requested.
        body: reads the body of the answer.
    """
    if response.status_code == _PARTIAL_CONTENT:
        return FileEnd(body(), _number(response.headers.get("Content-Range", "").rpartition("/")[2]))
    size = _number(response.headers.get("Content-Length"))
    is_short = size is not None and size <= length
    return FileEnd(body() if is_short else b"", size)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
