"""Tests of finding and downloading locked files: hashes, retries, logins and certificates."""

from __future__ import annotations

import io
import ssl
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path

import pytest
import trustme
from pypi_simple import PYPI_SIMPLE_ENDPOINT
from samples.index import Index, file_hash, serve

from pulumi_poetry_layer.errors import DownloadError
from pulumi_poetry_layer.index.access import Indexes
from pulumi_poetry_layer.index.client import Downloader
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.limits import Limits
from pulumi_poetry_layer.index.pages import FileEnd
from pulumi_poetry_layer.index.poetry_config import PoetryConfiguration
from pulumi_poetry_layer.index.sources import Sources
from pulumi_poetry_layer.poetry.locked import LockedFile, LockedSource

NAME = "app-1.0-py3-none-any.whl"
DATA = bytes(range(256)) * 4000


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry without a pause, and use no proxy for loopback."""
    monkeypatch.setattr(Limits, "of", lambda _: Limits(first_pause=0))
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with one file."""
    with serve(Index(files={NAME: DATA})) as served:
        yield served


def download(
    index: Index,
    *,
    source: LockedSource | None = None,
    hash_: str = "",
    name: str = NAME,
    pyproject: str = "",
    **variables: str,
) -> bytes:
    """Download the file from the index, which is the mirror of PyPI unless the package has a source."""
    output = io.BytesIO()
    downloader = Downloader(indexes(pyproject, **{"POETRY_PYPI_MIRROR_URL": index.url, **variables}))
    file = LockedFile(name, hash_ or file_hash(DATA))
    downloader.download(downloader.find("app 1.0", "app", file, source), file, output, "app 1.0")
    return output.getvalue()


def indexes(pyproject: str = "", /, **variables: str) -> Indexes:
    """The indexes of a project, with logins from environment variables only."""
    return Indexes(Sources.of(pyproject), Credentials(PoetryConfiguration(variables)))


@pytest.mark.parametrize("html", [False, True])
def test_address_of_file_comes_from_project_page(index: Index, html: bool) -> None:
    """The lock file has no addresses, so nothing could be downloaded."""
    index.html = html

    assert download(index) == DATA
    assert [path for path, _ in index.requests] == ["/simple/app/", f"/files/{NAME}"]


def test_file_is_found_on_a_single_page_with_all_files(index: Index) -> None:
    """A source with one page, such as that of PyTorch, would be asked for a page of the project, or for JSON."""
    link = f'<a href="files/{NAME}#sha256=0">cpu/app 1.0</a>'.encode()

    def send_page(output: BufferedIOBase) -> None:
        output.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(link) + link)

    index.answers["/torch_stable.html"] = [send_page]
    pyproject = (
        f'[[tool.poetry.source]]\nname = "torch"\nurl = "{index.url.removesuffix("simple/")}torch_stable.html"\n'
    )
    source = LockedSource(type="legacy", url="https://old.invalid/torch_stable.html", reference="torch")

    assert download(index, source=source, pyproject=pyproject) == DATA
    assert [path for path, _ in index.requests] == ["/torch_stable.html", f"/files/{NAME}"]


def test_request_prefers_json_and_accepts_html(index: Index) -> None:
    """Old indexes, which only have HTML pages (PEP 503), could not be used."""
    download(index)

    accepted = index.requests[0][1]["Accept"]
    assert accepted.startswith("application/vnd.pypi.simple.v1+json")
    assert "text/html" in accepted


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_file_with_other_hash_than_locked_is_refused(index: Index, algorithm: str) -> None:
    """Anyone who controls the index, or the connection to it, could put code into the layer."""
    assert download(index, hash_=file_hash(DATA, algorithm)) == DATA

    with pytest.raises(DownloadError, match="serves a different file than the one that was locked") as caught:
        download(index, hash_=file_hash(b"other", algorithm))
    assert caught.value.where == "app 1.0"


@pytest.mark.parametrize("ranges", [True, False])
def test_interrupted_download_continues_where_it_stopped(index: Index, ranges: bool) -> None:
    """A short network failure would fail the build."""
    index.breaks, index.ranges = 2, ranges

    assert download(index) == DATA

    requested = [headers.get("Range") for path, headers in index.requests if path.startswith("/files")]
    assert requested[0] is None
    assert all(requested[1:])


def test_download_that_is_interrupted_each_time_fails(index: Index) -> None:
    """The build would never end."""
    index.breaks, index.ranges = 99, False

    with pytest.raises(DownloadError, match="cannot be reached") as caught:
        download(index)
    assert NAME in caught.value.what
    assert caught.value.hint


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_transient_http_status_is_retried(index: Index, status: int) -> None:
    """An index that is restarting would fail the build."""
    index.failures = [status, status]

    assert download(index) == DATA


def test_file_that_is_not_on_project_page_is_an_error(index: Index) -> None:
    """A user would not know which package was removed from the index."""
    with pytest.raises(DownloadError, match=r"does not list the file: app-2\.0-py3.* is not on http.*/app/") as caught:
        download(index, name="app-2.0-py3-none-any.whl")
    assert "404" not in str(caught.value)
    assert caught.value.where == "app 1.0"
    assert "lock another version" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        (b"[]", "not a valid package index page: .*/simple/app/: it has no list of files"),
        (b'{"meta": {"api-version": "2.0"}, "files": []}', "version 2.0 of the simple API is not supported"),
        (b'{"files": [{"filename": "app-1.0-py3-none-any.whl", "url": 1}]}', "its entry for app-1.0-py3-none-any.whl"),
        (b'{"files": [{"filename": "app-1.0-py3-none-any.whl", "url": "http://host:port/x"}]}', "Failed to parse"),
        (b'{"files": [{"filename": "app-1.0-py3-none-any.whl", "url": "file:///x"}]}', "No connection adapters"),
    ],
)
def test_invalid_project_page_is_an_error_that_names_the_source(
    index: Index, page: bytes, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user would see a traceback, and not know which index to look at."""
    monkeypatch.setattr(index, "page", lambda _: ("application/vnd.pypi.simple.v1+json", page))

    with pytest.raises(DownloadError, match=problem) as caught:
        download(index, source=private(index))
    assert caught.value.where == "app 1.0"
    assert "'my-index.2'" in caught.value.what
    assert "the url of the source 'my-index.2' in pyproject.toml" in str(caught.value.hint)


def test_project_that_the_index_does_not_have_is_an_error(index: Index) -> None:
    """A user would see a traceback of the HTTP library."""
    index.files.clear()

    with pytest.raises(DownloadError, match="HTTP status 404"):
        download(index)


def test_index_that_does_not_answer_is_an_error() -> None:
    """A user would see a traceback of the HTTP library."""
    with serve(Index()) as gone:
        pass

    with pytest.raises(DownloadError, match=r"the source 'my-index.2' .* cannot be reached") as caught:
        download(gone, source=private(gone))
    assert "HTTPS_PROXY" in str(caught.value.hint)


def private(index: Index) -> LockedSource:
    """The index as the source of a package in a lock file."""
    return LockedSource(type="legacy", url=index.url.rstrip("/"), reference="my-index.2")


LOGIN = {"POETRY_HTTP_BASIC_MY_INDEX_2_USERNAME": "me", "POETRY_HTTP_BASIC_MY_INDEX_2_PASSWORD": "s3cret!"}


def test_login_from_variables_with_the_name_of_the_source_is_used(index: Index) -> None:
    """Private packages could not be downloaded."""
    index.login = ("me", "s3cret!")

    assert download(index, source=private(index), **LOGIN) == DATA


def test_error_for_missing_login_names_the_variables_to_set(index: Index) -> None:
    """A user would not know where to put the password."""
    index.login = ("me", "s3cret!")

    with pytest.raises(DownloadError, match="401") as caught:
        download(index, source=private(index))
    assert "POETRY_HTTP_BASIC_MY_INDEX_2_USERNAME" in str(caught.value.hint)


def test_login_is_not_sent_to_another_host(index: Index) -> None:
    """The owner of the other host would get the password."""
    with serve(Index(files={NAME: DATA})) as files:
        index.login = ("me", "s3cret!")
        index.files_at = files.url.removesuffix("/simple/") + "/x"

        assert download(index, source=private(index), **LOGIN) == DATA

    assert [path for path, _ in files.requests] == [f"/files/{NAME}"]
    assert all("Authorization" not in headers for _, headers in files.requests)


def test_login_in_mirror_url_is_used_and_masked(index: Index) -> None:
    """The password for the mirror would appear in logs."""
    index.login = ("me", "s3cret!")
    url = index.url.replace("//", "//me:s3cret%21@")

    assert download(index, POETRY_PYPI_MIRROR_URL=url) == DATA
    with pytest.raises(DownloadError) as caught:
        download(index, name="other-1.0.whl", POETRY_PYPI_MIRROR_URL=url)

    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(indexes(POETRY_PYPI_MIRROR_URL=url).of_package(None))


def test_package_without_source_comes_from_pypi_or_its_mirror() -> None:
    """Packages from PyPI would not be found."""
    mirrored = indexes(POETRY_PYPI_MIRROR_URL="http://127.0.0.1/mirror/")

    assert indexes().of_package(None).source.page("app") == f"{PYPI_SIMPLE_ENDPOINT}app/"
    assert mirrored.of_package(None).source.page("app") == "http://127.0.0.1/mirror/app/"


def test_login_for_publishing_is_not_sent_to_pypi() -> None:
    """Every download would send the user's token for publishing, and PyPI would refuse the request."""
    login = {"POETRY_HTTP_BASIC_PYPI_USERNAME": "__token__", "POETRY_HTTP_BASIC_PYPI_PASSWORD": "pypi-secret"}

    assert indexes(**login).of_package(None).login is None
    named = indexes(**login, POETRY_PYPI_MIRROR_URL=PYPI_SIMPLE_ENDPOINT)
    assert named.of_package(None) == indexes().of_package(None)
    assert named.of_url(f"{PYPI_SIMPLE_ENDPOINT}app/") is None


def test_looking_up_certificates_does_not_open_the_keyring(index: Index) -> None:
    """A user would be asked to unlock the keyring for each host that a download is redirected to."""
    looked_up: list[str] = []
    configuration = PoetryConfiguration({"POETRY_CERTIFICATES_MY_INDEX_2_CERT": "false"})
    credentials = Credentials(configuration, keyring=lambda source, _: looked_up.append(source.name))
    named = Indexes(Sources.of(listed(index)), credentials)

    assert not named.certificates_for(f"{index.url}app/").verify
    assert named.certificates_for("https://elsewhere.invalid/").verify
    assert looked_up == []
    assert named.of_url(f"{index.url}app/") is not None
    assert looked_up == ["my-index.2"]


def test_mirror_of_pypi_is_not_used_for_other_sources() -> None:
    """A private package would be looked for on a public mirror (dependency confusion)."""
    source = LockedSource(type="legacy", url="http://127.0.0.1/private", reference="private")
    mirrored = indexes(POETRY_PYPI_MIRROR_URL="http://127.0.0.1/mirror")

    assert mirrored.of_package(source).source.page("app") == "http://127.0.0.1/private/app/"


def listed(index: Index, name: str = "my-index.2") -> str:
    """A pyproject.toml that lists the index as a source."""
    return f'[[tool.poetry.source]]\nname = "{name}"\nurl = "{index.url}"\n'


def test_changed_address_in_lock_file_does_not_get_the_login(index: Index) -> None:
    """Anyone who can change a lock file could steal the passwords of everyone who builds from it."""
    with serve(Index(files={NAME: DATA})) as evil:
        download(index, source=private(evil), pyproject=listed(index), **LOGIN)
        stranger = LockedSource(type="legacy", url=evil.url, reference="other")
        other = {name.replace("MY_INDEX_2", "OTHER"): value for name, value in LOGIN.items()}
        download(index, source=stranger, pyproject=listed(index), **other)

    assert [path for path, _ in index.requests] == ["/simple/app/", f"/files/{NAME}"]
    assert all("Authorization" in headers for _, headers in index.requests)
    assert evil.requests
    assert all("Authorization" not in headers for _, headers in evil.requests)


def test_redirect_to_another_host_does_not_get_the_login(index: Index) -> None:
    """Many indexes redirect to a file store, and its owner would get the password."""
    index.login = ("me", "s3cret!")
    with serve(Index(files={NAME: DATA})) as store:
        index.redirects[f"/files/{NAME}"] = store.url.replace("/simple/", f"/blob/{NAME}?token=let-me-in")

        assert download(index, source=private(index), **LOGIN) == DATA

        store.files.clear()
        with pytest.raises(DownloadError, match="404") as caught:
            download(index, source=private(index), **LOGIN)

    assert all("Authorization" not in headers for _, headers in store.requests)
    assert "let-me-in" not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_token_in_url_is_masked_in_debug_log(index: Index, caplog: pytest.LogCaptureFixture) -> None:
    """Everyone who can read the debug log of a CI job could use the token."""
    index.files_at = "../signed"
    index.redirects[f"/simple/files/{NAME}"] = f"/blob/{NAME}?X-Amz-Signature=let-me-in&x=y"
    with caplog.at_level("DEBUG"):
        assert download(index) == DATA

    assert "X-Amz-Signature=****" in caplog.text
    assert "let-me-in" not in caplog.text


def test_url_dependency_uses_login_of_the_source_on_its_host(index: Index) -> None:
    """A URL dependency on a private host could not be downloaded, although Poetry can install it."""
    index.login = ("me", "s3cret!")
    source = LockedSource(type="url", url=index.url.replace("/simple/", f"/files/{NAME}"))
    assert download(index, source=source, pyproject=listed(index), **LOGIN) == DATA


def test_error_for_refused_login_says_where_the_login_came_from(index: Index) -> None:
    """A user whose token has expired would look for a missing variable."""
    index.login = ("me", "another")

    with pytest.raises(DownloadError, match="refuses the login") as caught:
        download(index, source=private(index), **LOGIN)
    assert "expired" in str(caught.value.hint)
    assert "s3cret" not in str(caught.value)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority that no one trusts by default."""
    return trustme.CA()


def tls(authority: trustme.CA, *, clients: bool = False) -> ssl.SSLContext:
    """The TLS context of a server with a certificate of the authority; ``clients`` requires client certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    if clients:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # TLS 1.3 refuses a client after the handshake, at any time
    return context


@pytest.mark.parametrize(
    "variable", ["POETRY_CERTIFICATES_MY_INDEX_2_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", None]
)
def test_company_ca_is_trusted_only_if_a_variable_is_set_to_its_bundle(
    authority: trustme.CA, tmp_path: Path, variable: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index with a company's certificate could not be used, or any certificate would be accepted."""
    bundle = tmp_path / "company.pem"
    authority.cert_pem.write_to_path(str(bundle))
    variables = {variable: str(bundle)} if variable else {}
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    if variable == "REQUESTS_CA_BUNDLE":
        monkeypatch.setenv(variable, str(bundle))
    with serve(Index(files={NAME: DATA}), tls(authority)) as index:
        if variable:
            assert download(index, source=private(index), pyproject=listed(index), **variables) == DATA
            return
        with pytest.raises(DownloadError, match=r"'my-index.2' .* not trusted") as caught:
            download(index, source=private(index), pyproject=listed(index))
    assert "POETRY_CERTIFICATES_MY_INDEX_2_CERT" in str(caught.value.hint)


def test_certificate_check_can_be_turned_off_for_one_source(authority: trustme.CA) -> None:
    """`certificates.<name>.cert = false` would be read as a path, or would turn off the check for all indexes."""
    off = {"POETRY_CERTIFICATES_MY_INDEX_2_CERT": "false"}
    with serve(Index(files={NAME: DATA}), tls(authority)) as index, serve(Index(), tls(authority)) as other:
        assert download(index, source=private(index), pyproject=listed(index), **off) == DATA

        index.redirects[f"/files/{NAME}"] = other.url
        with pytest.raises(DownloadError, match="not trusted"):
            download(index, source=private(index), pyproject=listed(index), **off)


def test_client_certificate_is_used_and_a_missing_one_is_explained(authority: trustme.CA, tmp_path: Path) -> None:
    """An index that requires client certificates could not be used, and a user would not know why."""
    client, bundle = tmp_path / "client.pem", tmp_path / "company.pem"
    authority.cert_pem.write_to_path(str(bundle))
    authority.issue_cert("client@example.invalid").private_key_and_cert_chain_pem.write_to_path(str(client))
    known = {"POETRY_CERTIFICATES_MY_INDEX_2_CERT": str(bundle)}
    shown = {**known, "POETRY_CERTIFICATES_MY_INDEX_2_CLIENT_CERT": str(client)}
    with serve(Index(files={NAME: DATA}), tls(authority, clients=True)) as index:
        assert download(index, source=private(index), pyproject=listed(index), **shown) == DATA
        with pytest.raises(DownloadError) as caught:
            download(index, source=private(index), pyproject=listed(index), **known)
    assert "POETRY_CERTIFICATES_MY_INDEX_2_CLIENT_CERT" in str(caught.value.hint)


FILE = LockedFile(NAME, file_hash(DATA))


def mirrored(index: Index) -> Indexes:
    """The indexes of a project, with this index as the mirror of PyPI."""
    return indexes(POETRY_PYPI_MIRROR_URL=index.url)


@pytest.mark.parametrize(("sizes", "size"), [(True, len(DATA)), (False, None)])
def test_size_of_file_is_the_one_on_the_page(index: Index, sizes: bool, size: int | None) -> None:
    """A preview would show a wrong size, or download the wheel to measure it."""
    index.sizes = sizes
    assert Downloader(mirrored(index)).find("app 1.0", "app", FILE, None).size == size


@pytest.mark.parametrize("ranges", [True, False])
def test_end_of_file_is_read_without_the_rest(index: Index, ranges: bool) -> None:
    """A preview would download whole wheels, above all from an index without range requests."""
    index.ranges = ranges
    downloader = Downloader(mirrored(index))
    end = downloader.read_end("app 1.0", downloader.find("app 1.0", "app", FILE, None), 1000)
    assert end == FileEnd(DATA[-1000:] if ranges else b"", len(DATA))


def test_no_request_is_sent_after_the_deadline(index: Index) -> None:
    """A preview would wait for a slow index."""
    found = Downloader(mirrored(index)).find("app 1.0", "app", FILE, None)
    index.requests.clear()
    late = Downloader(mirrored(index), limits=Limits(total=0))
    with pytest.raises(DownloadError, match="the time limit was reached"):
        late.find("app 1.0", "app", FILE, None)
    with pytest.raises(DownloadError, match="the time limit was reached"):
        late.read_end("app 1.0", found, 10)
    assert index.requests == []


def test_request_is_sent_once_if_one_attempt_is_allowed(index: Index) -> None:
    """A preview would wait for the pauses between attempts."""
    index.failures = [503, 503]
    with pytest.raises(DownloadError):
        Downloader(mirrored(index), limits=Limits(attempts=1)).find("app 1.0", "app", FILE, None)
    assert len(index.requests) == 1
