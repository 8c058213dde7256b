"""What indexes answer: a project's page in either of its forms, and the end of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

if TYPE_CHECKING:
    import requests

JSON_PAGE = "application/vnd.pypi.simple.v1+json"
"""Content type of a project's page in JSON (PEP 691)."""

_PARTIAL_CONTENT = 206


@dataclass(frozen=True)
class ListedFile:
    """A file as its project's page tells it; ``size`` in bytes is None where the page does not say (PEP 700)."""

    url: str
    size: int | None


@dataclass(frozen=True)
class FileEnd:
    """The last bytes of a file on an index, none where the index does not give parts; and its whole size in bytes."""

    data: bytes
    size: int | None


def find_file(response: requests.Response, project: str, file_name: str) -> ListedFile | None:
    """The file on a project's page."""
    if response.headers.get("Content-Type", "").partition(";")[0] == JSON_PAGE:
        # pypi-simple makes an object of each of a page's thousands of files, 0.1 to 0.2 s for a page of PyPI's.
        files = ((file["filename"], file["url"], file.get("size")) for file in response.json()["files"])
    else:
        from pypi_simple import ProjectPage

        page = ProjectPage.from_html(project, response.content, base_url=response.url)
        files = ((package.filename, package.url, package.size) for package in page.packages)
    found = ((url, size) for name, url, size in files if name == file_name)
    listed = (ListedFile(urljoin(response.url, url), size if isinstance(size, int) else None) for url, size in found)
    return next(listed, None)


def read_end_of(response: requests.Response, length: int) -> FileEnd:
    """The end of a file; of a file of up to ``length`` bytes also when the server sends all of it."""
    if response.status_code == _PARTIAL_CONTENT:
        return FileEnd(response.content, _number(response.headers.get("Content-Range", "").rpartition("/")[2]))
    size = _number(response.headers.get("Content-Length"))
    is_short = size is not None and size <= length
    return FileEnd(response.content if is_short else b"", size)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
