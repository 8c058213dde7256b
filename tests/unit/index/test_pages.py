"""Tests of reading project pages in JSON and HTML, valid and invalid ones."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tracemalloc
from typing import Any
from urllib.parse import unquote

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from pypi_simple import DistributionPackage, parse_links_stream

from pulumi_poetry_layer.index.pages import PageError, find_file

PAGE = "https://index.invalid/simple/app/"
NAME = "app-1.0-py3-none-any.whl"
FOUND = "https://index.invalid/files/" + NAME
JSON, HTML = "application/vnd.pypi.simple.v1+json", "text/html"


def answer(body: str | bytes, content_type: str = HTML) -> requests.Response:
    """The answer of an index."""
    response = requests.Response()
    response.status_code, response.url = 200, PAGE
    response.headers["Content-Type"] = content_type
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response.raw = io.BytesIO(body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass"))
    assert isinstance(response.content, bytes)  # reads the body now, as requests does unless it streams
    return response


def read(response: requests.Response) -> DistributionPackage | None:
    """The entry for the file on a page."""
    return find_file(response, response.content, NAME)


def found(body: str | bytes, content_type: str = HTML) -> tuple[str, int | None] | None:
    """Address and size of the file on a page; None if it is not on the page."""
    file = read(answer(body, content_type))
    return (file.url, file.size) if file else None


def json_page(*files: object, **more: object) -> str:
    """A page in JSON."""
    return json.dumps({"meta": {"api-version": "1.1"}, "name": "app", "files": files, **more})


ENTRY = {"filename": NAME, "url": f"../../files/{NAME}", "hashes": {}}


@pytest.mark.parametrize("content_type", [JSON, f"{JSON}; charset=utf-8", f"{JSON.upper()} ;x=y"])
def test_file_is_found_in_json(content_type: str) -> None:
    """No wheel could be downloaded."""
    assert found(json_page({**ENTRY, "size": 3}), content_type) == (FOUND, 3)
    assert found(json_page({**ENTRY, "url": "https://files.invalid/x?token=1"}), JSON) == (
        "https://files.invalid/x?token=1",
        None,
    )
    assert found(json_page({**ENTRY, "filename": "app-2.0.tar.gz"}), JSON) is None


@pytest.mark.parametrize(
    "odd",
    [
        {"size": "large"},
        {"size": 1.5},
        {"upload-time": ""},
        {"provenance": "relative"},
        {"yanked": None},
        {"hashes": None},
        {"core-metadata": 1},
    ],
)
def test_keys_that_are_not_needed_may_be_invalid(odd: dict[str, object]) -> None:
    """A build would fail for an index that Poetry can install from."""
    assert found(json_page({**ENTRY, **odd}), JSON) == (FOUND, None)


@pytest.mark.parametrize(
    "other",
    [None, 1, [], {}, {"filename": None}, {"filename": "x", "url": 1}, {"filename": "y", "url": "https://["}],
)
def test_odd_entries_of_other_files_do_no_harm_in_json(other: object) -> None:
    """One broken upload would stop all builds that use the project."""
    assert found(json_page(other, ENTRY, other), JSON) == (FOUND, None)


@pytest.mark.parametrize(
    "page",
    [
        json_page(ENTRY, meta=None),
        json_page(ENTRY, meta={}),
        json_page(ENTRY, meta={"api-version": 1.0, "_last-serial": {}}),
        json_page(ENTRY, name=None, versions="1.0", **{"project-status": {"status": "unheard-of"}}),
    ],
)
def test_other_parts_of_a_json_page_may_be_invalid(page: str) -> None:
    """A build would fail for an index that Poetry can install from."""
    assert found(page, JSON) == (FOUND, None)


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("", "cannot be read"),
        ("<html>", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[]", "has no list of files"),
        ("null", "has no list of files"),
        ("1", "has no list of files"),
        ("{}", "has no list of files"),
        ('{"files": null}', "has no list of files"),
        ('{"files": {"a": 1}}', "has no list of files"),
        (json_page({**ENTRY, "url": 1}), f"its entry for {NAME} is not valid"),
        (json_page({**ENTRY, "url": None}), f"its entry for {NAME} is not valid"),
        (json_page({**ENTRY, "url": "https://[/x"}), f"its entry for {NAME} is not valid"),
        (json_page({"filename": NAME}), f"its entry for {NAME} is not valid"),
        (json_page(ENTRY, meta={"api-version": "2.0"}), "version 2.0 of the simple API is not supported"),
    ],
)
def test_error_for_invalid_json_page_says_what_is_wrong(page: str, problem: str) -> None:
    """A user would see a traceback, or a long message about classes of a library."""
    with pytest.raises(PageError, match=problem) as caught:
        found(page, JSON)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "page",
    [
        f'<a href="../../files/{NAME}#sha256=0">{NAME}</a>',
        f'<A HREF="/files/{NAME}">\n  {NAME}\n</A>',
        f'<a href="../../files/{NAME}">app-1.0-py3-n..&gt;</a>',
        f'<base href="https://index.invalid/files/"><a href="{NAME}">{NAME}</a>',
        f'<base href="../../files/"><a href="./{NAME}">{NAME}</a>',
        f'<a href="../../files/{NAME}" data-yanked data-core-metadata="true">{NAME}</a>',
        f'<meta name="pypi:project-status" content="unheard-of"><a href="../../files/{NAME}">{NAME}</a>',
        f'<a name="x">{NAME}</a><a>{NAME}</a><a href="../../files/{NAME}">{NAME}',
        f'<a href="https://[">other</a><a href="../../files/{NAME}">{NAME}</a><a href="https://[">other</a>',
    ],
)
def test_file_is_found_in_html(page: str) -> None:
    """Old indexes, and folders on a web server, could not be used."""
    assert found(page) == (FOUND, None)
    assert found(page, "application/vnd.pypi.simple.v1+html") == (FOUND, None)
    assert found(page, "") == (FOUND, None)
    assert found(page.replace(NAME, "app-2.0.tar.gz")) is None


LOCAL = "app-1.0+cpu-cp312-cp312-linux_x86_64.whl"
QUOTED = LOCAL.replace("+", "%2B")


@pytest.mark.parametrize(
    ("page", "address"),
    [
        (f'<a href="cpu/{QUOTED}#sha256=0">cpu/{LOCAL}</a>', f"{PAGE}cpu/{QUOTED}"),
        (f'<a href="/whl/{QUOTED}">Download</a>', f"https://index.invalid/whl/{QUOTED}"),
        (f'<a href="/whl/{LOCAL}"><img src="wheel.png"></a>', f"https://index.invalid/whl/{LOCAL}"),
        (f'<a href="/whl/{QUOTED}/?token=1">{LOCAL[:20]}..&gt;</a>', f"https://index.invalid/whl/{QUOTED}/?token=1"),
        (
            f'<a href="/whl/{QUOTED}.metadata">{LOCAL}</a><a href="/whl/{QUOTED}">wheel</a>',
            f"https://index.invalid/whl/{QUOTED}",
        ),
        (f'<a href="/other.whl">{LOCAL}</a><a href="/{QUOTED}">other.whl</a>', f"https://index.invalid/{QUOTED}"),
        (f'<a href="/download?id=3">{LOCAL}</a>', "https://index.invalid/download?id=3"),
    ],
)
def test_name_of_a_file_is_the_end_of_its_address(page: str, address: str) -> None:
    """The pages of PyTorch, and single pages with all files, could not be used, or another file would be downloaded."""
    response = answer(f'<a href="/whl/app-1.0-py3-none-any.whl">{NAME}</a>{page}')

    file = find_file(response, response.content, LOCAL)

    assert file is not None
    assert file.url == address


def test_html_page_is_decoded_with_the_charset_of_its_header() -> None:
    """A file in a folder with a non-ASCII name would not be found."""
    page = f'<a href="/dépôt/{NAME}">{NAME}</a>'

    assert found(page.encode("utf-8"), "text/html; charset=utf-8") == (f"https://index.invalid/dépôt/{NAME}", None)


@pytest.mark.parametrize(
    ("page", "content_type", "problem"),
    [
        ('<meta name="pypi:repository-version" content="2.0">', HTML, "version 2.0 of the simple API"),
        ('<meta name="pypi:repository-version" content="new">', HTML, "cannot be read"),
        ("<p>", f"{HTML}; charset=unheard-of", "cannot be read"),
        (f'<a href="https://[/{NAME}">{NAME}</a>', HTML, "cannot be read"),
    ],
)
def test_error_for_invalid_html_page_says_what_is_wrong(page: str, content_type: str, problem: str) -> None:
    """A user would see the traceback of a parser."""
    with pytest.raises(PageError, match=problem):
        found(page, content_type)


def test_page_with_later_minor_version_is_read_without_a_warning() -> None:
    """Every build would show a warning, or fail, when PyPI adds something to its pages."""
    # In a separate process, because pytest resets the filter of warnings that the module sets when it is imported.
    code = (
        "import sys; sys.path[:0] = ['tests']; from unit.index.test_pages import *\n"
        "page = json_page(ENTRY, meta={'api-version': '1.99'})\n"
        'link = f\'<meta name="pypi:repository-version" content="1.99"><a href="/files/{NAME}">{NAME}</a>\'\n'
        "assert found(page, JSON) == found(link) == (FOUND, None)\n"
    )
    ended = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from([NAME, "1.0", "/x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["files", "meta", "api-version", "filename", "url", "size", "hashes"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(VALUES, st.lists(VALUES, max_size=3))
@example({"files": [{"filename": NAME, "url": "\ud800"}]}, [])
@example({"files": [{"filename": NAME, "url": "", "size": True}]}, [])
def test_any_json_gives_a_file_or_a_page_error(document: Any, files: list[Any]) -> None:
    """An answer of an index could end a deployment with a traceback."""
    for page in (document, {"files": files}, {"files": [{"filename": NAME, "url": file} for file in files]}):
        try:
            file = read(answer(json.dumps(page), JSON))
        except PageError:
            continue
        assert file is None or (file.filename == NAME and isinstance(file.url, str))


MARKUP = st.sampled_from((
    "<", ">", "</", "<a ", "<a href=", '"', "'", "</a>", NAME, "<!--", "-->", "<![", "<![CDATA[", "]]>", "<!DOCTYPE ",
    "[", "<?", "<base href=", "https://", "//[", "&#", "&#x110000;", "<meta name=pypi:repository-version content=",
    "\0", "\n", "é",
))  # fmt: skip


@given(st.lists(MARKUP | st.text(max_size=3), max_size=12).map("".join), st.sampled_from(["", "; charset=utf-16"]))
def test_any_markup_gives_a_file_or_a_page_error(page: str, charset: str) -> None:
    """An answer of a proxy, such as a login form, could end a deployment with a traceback."""
    try:
        file = read(answer(page, HTML + charset))
    except PageError:
        return
    assert file is None or isinstance(file.url, str)


@pytest.mark.parametrize(
    "start",
    [
        "<a href='",
        "<a ",
        "<a href=",
        "<!--",
        "<![CDATA[",
        "<!",
        "<?",
        "</",
        "<script>",
        "<a x=' >",
        "<title>",
        "<a\n",
        "&#",
    ],
)
def test_page_of_tags_without_end_is_read_in_linear_time(start: str) -> None:
    """An index could hold up a build for hours: html.parser of some Python releases takes quadratic time."""
    page = start * (2_000_000 // len(start))
    assert found(page) is None
    assert found(f'<a href="/files/{NAME}">{NAME}</a>{page}') == (FOUND, None)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ('{"files": [', f'{{"filename": "{NAME}", "url": "/files/{NAME}", "size": 7}}]}}', (FOUND, 7)),
        ('{"files": [', "{}]}", None),
        ('{"x": [', "{}]}", None),
        ('{"meta": {"api-version": "2.0"}, "files": [', f'{{"filename": "{NAME}", "url": "x"}}]}}', "version 2.0"),
        ('{"files": [', "", "cannot be read"),
    ],
    ids=["with the file", "without it", "without files", "newer version", "truncated"],
)
def test_large_json_page_is_read_with_little_memory(start: str, end: str, expected: Any) -> None:
    """An index could fill the memory: each empty table takes 64 bytes."""
    page = start + "{}," * (6_000_000 // 3) + end
    tracemalloc.start()
    try:
        if isinstance(expected, str):
            with pytest.raises(PageError, match=expected):
                found(page, JSON)
        else:
            assert found(page, JSON) == expected
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(page), "the text of the page, its bytes and copies of them"


@pytest.mark.parametrize(
    "page",
    [
        f"<!-- <a href='/wrong/{NAME}'> > --><a href=/files/{NAME}>x</a>",
        f"<script>'<a href=\"/wrong/{NAME}\">'</script><a href='/files/{NAME}'>x</a>",
        f"<!DOCTYPE html><html lang=en><body><br/><a class=x href = '/files/{NAME}' href='/wrong/{NAME}' rel=\"a>b\">",
        f"<a href='/files/{NAME.replace('-', '&#45;').replace('.', '&period;')}'>x</a>",
        f"<a href='/files/{NAME.replace('-', '%2D')}'>x</a>",
        f"<a href='/files/{NAME}'><b>{NAME[:5]}</b><i>{NAME[5:]}</i></a>",
        f"<a href='/other'>x<a href='/files/{NAME}'>y</a>",
        f"<abbr href='/wrong/{NAME}'><area href='/wrong/{NAME}'><a href='/files/{NAME}'>",
        f"<a href='&#{'9' * 5000};'>x</a><a href='/files/{NAME}'>y</a>",
    ],
)
def test_links_are_found_as_browsers_find_them(page: str) -> None:
    """A file that is on the page would be reported as missing."""
    link = found(page)
    assert link is not None
    assert unquote(link[0]) == FOUND


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="<>&\"'"), max_size=5)
ATTRIBUTES = st.lists(st.sampled_from(["class", "rel", "data-yanked", "download"]), unique=True, max_size=2)


@st.composite
def pages(draw: st.DrawFn) -> str:
    """A page in order, with links to some files."""
    parts = []
    for name in draw(st.lists(st.sampled_from([NAME, "app-1.0.tar.gz", "x"]), max_size=4)):
        quote = draw(st.sampled_from("\"'"))
        attributes = "".join(f" {key}={quote}{draw(TEXT)}{quote}" for key in draw(ATTRIBUTES))
        folder = draw(st.sampled_from(["", "/files/", "https://files.invalid/a%20b/"]))
        parts += [f"<a{attributes} href={quote}{folder}{name}#sha256=0{quote}>{name}</a>", draw(TEXT)]
        parts.append(draw(st.sampled_from(["", "<br/>", "<!-- x -->", "<p>", "</p>", "<hr class=x>"])))
    return f"<!DOCTYPE html><html><body>{''.join(parts)}</body></html>"


@given(pages())
def test_links_are_those_of_a_library_that_reads_html(page: str) -> None:
    """The wrong file of an index would be downloaded, or none."""
    links = parse_links_stream([page], PAGE)
    expected = next((link.url for link in links if link.text == NAME), None)

    assert (found(page) or (None,))[0] == (expected and expected.partition("#")[0])
