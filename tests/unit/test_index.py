"""Files are found and downloaded; only the locked bytes are accepted; logins stay on the index's own host."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from samples.index import Index, file_hash, serve

from pulumi_poetry_layer import index as index_module
from pulumi_poetry_layer.build_plan import LockedFile, Source
from pulumi_poetry_layer.errors import DownloadError
from pulumi_poetry_layer.index import Downloader, PackageIndex, index_of

NAME = "app-1.0-py3-none-any.whl"
DATA = bytes(range(256)) * 4000


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come at once, and no proxy stands between the tests and loopback."""
    monkeypatch.setattr(index_module, "_FIRST_PAUSE", 0)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with one file."""
    with serve(Index(files={NAME: DATA})) as served:
        yield served


def download(
    index: Index, *, source: Source | None = None, hash_: str = "", name: str = NAME, **variables: str
) -> bytes:
    """Download the file of the index, which stands in for PyPI unless a source is told."""
    output = io.BytesIO()
    downloader = Downloader({"POETRY_PYPI_MIRROR_URL": index.url, **variables})
    downloader.download_locked("app", LockedFile(name, hash_ or file_hash(DATA)), source, output)
    return output.getvalue()


@pytest.mark.parametrize("html", [False, True])
def test_a_file_is_found_on_its_projects_page(index: Index, html: bool) -> None:
    """The lock file has no addresses."""
    index.html = html

    assert download(index) == DATA
    assert [path for path, _ in index.requests] == ["/simple/app/", f"/files/{NAME}"]


def test_json_is_asked_for_and_html_is_taken(index: Index) -> None:
    """Old indexes know only PEP 503."""
    download(index)

    accepted = index.requests[0][1]["Accept"]
    assert accepted.startswith("application/vnd.pypi.simple.v1+json")
    assert "text/html" in accepted


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_other_bytes_than_the_locked_ones_are_refused(index: Index, algorithm: str) -> None:
    """Whoever owns the index, or the way to it, would decide what runs in production."""
    assert download(index, hash_=file_hash(DATA, algorithm)) == DATA

    with pytest.raises(DownloadError, match="is not the locked file") as caught:
        download(index, hash_=file_hash(b"other", algorithm))
    assert caught.value.where == NAME


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_goes_on(index: Index, ranges: bool) -> None:
    """One hiccup of the network would fail the build."""
    index.breaks, index.ranges = 2, ranges

    assert download(index) == DATA

    asked = [headers.get("Range") for path, headers in index.requests if path.startswith("/files")]
    assert asked[0] is None
    assert all(asked[1:])


def test_a_download_that_keeps_breaking_is_given_up(index: Index) -> None:
    """The build would hang for ever."""
    index.breaks, index.ranges = 99, False

    with pytest.raises(DownloadError, match="cannot be downloaded") as caught:
        download(index)
    assert NAME in str(caught.value.where)
    assert caught.value.hint


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_transient_failure_is_tried_again(index: Index, status: int) -> None:
    """An index that restarts would fail the build."""
    index.failures = [status, status]

    assert download(index) == DATA


def test_a_file_that_the_index_does_not_list_is_told(index: Index) -> None:
    """A user would not know which package was taken off the index."""
    with pytest.raises(DownloadError, match=r"does not list app-2\.0-py3") as caught:
        download(index, name="app-2.0-py3-none-any.whl")
    assert caught.value.where == "app"
    assert "lock another version" in str(caught.value.hint)


def test_an_unknown_project_is_told(index: Index) -> None:
    """A user would see a traceback of the HTTP library."""
    index.files.clear()

    with pytest.raises(DownloadError, match="HTTP status 404"):
        download(index)


def test_an_index_that_does_not_answer_is_told() -> None:
    """A user would see a traceback of the HTTP library."""
    with serve(Index()) as gone:
        pass

    with pytest.raises(DownloadError, match="cannot be downloaded"):
        download(gone)


def private(index: Index) -> Source:
    """The index as a source of its own."""
    return Source(type="legacy", url=index.url.rstrip("/"), reference="my-index.2")


LOGIN = {"POETRY_HTTP_BASIC_MY_INDEX_2_USERNAME": "me", "POETRY_HTTP_BASIC_MY_INDEX_2_PASSWORD": "s3cret!"}


def test_a_private_index_gets_the_login_of_its_name(index: Index) -> None:
    """Private packages could not be installed."""
    index.login = ("me", "s3cret!")

    assert download(index, source=private(index), **LOGIN) == DATA


def test_a_missing_login_is_told_with_the_variables_to_set(index: Index) -> None:
    """A user would not know where to put the password."""
    index.login = ("me", "s3cret!")

    with pytest.raises(DownloadError, match="401") as caught:
        download(index, source=private(index))
    assert "POETRY_HTTP_BASIC_MY_INDEX_2_USERNAME" in str(caught.value.hint)


def test_a_login_never_goes_to_another_host(index: Index) -> None:
    """Whoever runs the other host would have the password."""
    with serve(Index(files={NAME: DATA})) as files:
        index.login = ("me", "s3cret!")
        index.files_at = files.url.removesuffix("/simple/") + "/x"

        assert download(index, source=private(index), **LOGIN) == DATA

    assert [path for path, _ in files.requests] == [f"/files/{NAME}"]
    assert all("Authorization" not in headers for _, headers in files.requests)


def test_a_login_in_an_address_is_used_and_never_shown(index: Index) -> None:
    """A mirror's password would end up in logs."""
    index.login = ("me", "s3cret!")
    url = index.url.replace("//", "//me:s3cret%21@")

    assert download(index, POETRY_PYPI_MIRROR_URL=url) == DATA
    with pytest.raises(DownloadError) as caught:
        download(index, name="other-1.0.whl", POETRY_PYPI_MIRROR_URL=url)

    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(index_of(None, {"POETRY_PYPI_MIRROR_URL": url}))


def test_pypi_is_the_index_of_packages_without_a_source() -> None:
    """Packages of PyPI would not be found."""
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    assert index_of(None, {}) == PackageIndex(PYPI_SIMPLE_ENDPOINT)
    assert index_of(None, {"POETRY_PYPI_MIRROR_URL": "http://127.0.0.1/mirror"}).url == "http://127.0.0.1/mirror/"


def test_the_mirror_of_pypi_is_not_used_for_other_indexes() -> None:
    """A private package would be looked for on a public mirror: dependency confusion."""
    source = Source(type="legacy", url="http://127.0.0.1/private", reference="private")

    assert index_of(source, {"POETRY_PYPI_MIRROR_URL": "http://127.0.0.1/mirror"}).url == "http://127.0.0.1/private/"
