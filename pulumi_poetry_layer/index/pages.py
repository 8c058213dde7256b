"""What indexes answer: a project's page in either of its forms, and the end of a file."""

from __future__ import annotations

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
    import requests
    from pypi_simple import Link

# Minor versions of the simple API only add to it: https://peps.python.org/pep-0629/
warnings.filterwarnings("ignore", category=UnexpectedRepoVersionWarning)

_JSON_PAGE = "application/vnd.pypi.simple.v1+json"
_BLOCK = 1 << 16
_PARTIAL_CONTENT = 206


class PageError(ValueError):
    """A project's page cannot be read; says why."""


@dataclass(frozen=True)
class FileEnd:
    """The last bytes of a file on an index, none where the index does not give parts; and its whole size in bytes."""

    data: bytes
    size: int | None


def find_file(response: requests.Response, file_name: str) -> DistributionPackage | None:
    """The file on a project's page, None when the page does not list it.

    The page may be JSON (PEP 691) or HTML (PEP 503). It is read as leniently as Poetry reads it: only the entry of the
    file itself has to be valid, and of that only what is needed here.

    Raises:
        PageError: the page cannot be read.
    """
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    try:
        return _in_json(response, file_name) if kind == _JSON_PAGE else _in_html(response, file_name)
    except PageError:
        raise
    except UnsupportedRepoVersionError as error:
        raise PageError(f"version {error.declared_version} of the simple API is not supported") from None
    except (ValueError, LookupError, RecursionError, AssertionError) as error:  # numbers, encodings, nesting, markup
        raise PageError(f"it cannot be read: {error}") from None


def _in_json(response: requests.Response, file_name: str) -> DistributionPackage | None:
    document: Any = response.json()
    if not isinstance(document, dict) or not isinstance(document.get("files"), list):
        raise PageError("it has no list of files")
    meta = document.get("meta")
    version = meta.get("api-version", "1.0") if isinstance(meta, dict) else "1.0"
    # The library gets nothing but what is used here: it checks all that it gets, and a page has thousands of files.
    files: list[dict[str, Any]] = [
        {"filename": file_name, "url": file.get("url"), "hashes": {}, "size": _size(file.get("size"))}
        for file in document["files"]
        if isinstance(file, dict) and file.get("filename") == file_name
    ]
    page = {"meta": {"api-version": str(version)}, "name": "", "files": files[:1]}
    try:
        return next(iter(ProjectPage.from_json_data(page, response.url).packages), None)
    except ValueError:  # of pydantic, in many lines
        raise PageError(f"its entry for {file_name} is not valid") from None


def _size(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _in_html(response: requests.Response, file_name: str) -> DistributionPackage | None:
    try:
        link = _link(response, file_name, response.url)
    except ValueError:  # the address of some link is not valid; without a base, the library does not look at it
        link = _link(response, file_name, None)
    if link is None:
        return None
    link.url = urljoin(response.url, link.url)
    return DistributionPackage.from_link(link)


def _link(response: requests.Response, file_name: str, base: str | None) -> Link | None:
    """The link to a file, by its text or, as Poetry does it, by the last part of its address."""
    charset = response.encoding if "charset" in response.headers.get("Content-Type", "") else None
    links = parse_links_stream(response.iter_content(_BLOCK), base, charset)
    return next((link for link in links if file_name in {link.text, _last_part(link.url)}), None)


def _last_part(url: str) -> str:
    return unquote(url.partition("#")[0].partition("?")[0].rpartition("/")[2])


def read_end_of(response: requests.Response, length: int) -> FileEnd:
    """The end of a file; of a file of up to ``length`` bytes also when the server sends all of it."""
    if response.status_code == _PARTIAL_CONTENT:
        return FileEnd(response.content, _number(response.headers.get("Content-Range", "").rpartition("/")[2]))
    size = _number(response.headers.get("Content-Length"))
    is_short = size is not None and size <= length
    return FileEnd(response.content if is_short else b"", size)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
