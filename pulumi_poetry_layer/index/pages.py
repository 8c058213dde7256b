"""Reads the answers of an index: a project's page, in JSON or HTML, and the end of a file."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin

from pypi_simple import (
    DistributionPackage,
    ProjectPage,
    UnexpectedRepoVersionWarning,
    UnsupportedRepoVersionError,
    parse_links_stream,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests
    from pypi_simple import Link

# A new minor version of the simple API only adds things: https://peps.python.org/pep-0629/
warnings.filterwarnings("ignore", category=UnexpectedRepoVersionWarning)

_JSON_PAGE = "application/vnd.pypi.simple.v1+json"
_BLOCK = 1 << 16
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
    document: Any = json.loads(body)
    if not isinstance(document, dict) or not isinstance(document.get("files"), list):
        raise PageError("it has no list of files")
    meta = document.get("meta")
    version = meta.get("api-version", "1.0") if isinstance(meta, dict) else "1.0"
    # Only this file goes to the library: it validates every entry, and a page has thousands of files.
    files: list[dict[str, Any]] = [
        {"filename": file_name, "url": file.get("url"), "hashes": {}, "size": _size(file.get("size"))}
        for file in document["files"]
        if isinstance(file, dict) and file.get("filename") == file_name
    ]
    page = {"meta": {"api-version": str(version)}, "name": "", "files": files[:1]}
    try:
        return next(iter(ProjectPage.from_json_data(page, response.url).packages), None)
    except ValueError:  # pydantic's, with a message of many lines
        raise PageError(f"its entry for {file_name} is not valid") from None


def _size(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _in_html(response: requests.Response, body: bytes, file_name: str) -> DistributionPackage | None:
    try:
        link = _link(response, body, file_name, response.url)
    except ValueError:  # a link has an invalid address; the library parses addresses only if it gets a base address
        link = _link(response, body, file_name, None)
    if link is None:
        return None
    link.url = urljoin(response.url, link.url)
    return DistributionPackage.from_link(link)


def _link(response: requests.Response, body: bytes, file_name: str, base: str | None) -> Link | None:
    """The link to the file.

    The name of a file is the end of its address, as for pip and Poetry. Only if no address ends with the name, it is
    the text of a link: texts can be anything, such as a path, or a shortened name.
    """
    charset = response.encoding if "charset" in response.headers.get("Content-Type", "") else None
    blocks = (body[start : start + _BLOCK] for start in range(0, len(body), _BLOCK))
    with_text = None
    for link in parse_links_stream(blocks, base, charset):
        if _last_segment(link.url) == file_name:
            return link
        if with_text is None and link.text == file_name:
            with_text = link
    return with_text


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
