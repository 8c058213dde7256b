"""Files are found and downloaded; only the locked bytes are accepted; logins stay on the index's own host."""

from __future__ import annotations

import io
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from pypi_simple import PYPI_SIMPLE_ENDPOINT
from samples.index import Index, file_hash, serve

from pulumi_poetry_layer.errors import DownloadError
from pulumi_poetry_layer.index import client as index_module
from pulumi_poetry_layer.index.access import Indexes
from pulumi_poetry_layer.index.client import Downloader
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.pages import FileEnd
from pulumi_poetry_layer.index.poetry_config import PoetryConfiguration
from pulumi_poetry_layer.index.sources import Sources
from pulumi_poetry_layer.poetry.locked import LockedFile, LockedSource

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
    index: Index,
    *,
    source: LockedSource | None = None,
    hash_: str = "",
    name: str = NAME,
    pyproject: str = "",
    **variables: str,
) -> bytes:
    """Download the file of the index, which stands in for PyPI unless a source is told."""
    output = io.BytesIO()
    downloader = Downloader(indexes(pyproject, **{"POETRY_PYPI_MIRROR_URL": index.url, **variables}))
    downloader.download_locked("app 1.0", "app", LockedFile(name, hash_ or file_hash(DATA)), source, output)
    return output.getvalue()


def indexes(pyproject: str = "", /, **variables: str) -> Indexes:
    """The indexes of a project, for a user who has nothing but environment variables."""
    return Indexes(Sources.of(pyproject), Credentials(PoetryConfiguration(variables)))


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

    with pytest.raises(DownloadError, match="serves a different file than the one that was locked") as caught:
        download(index, hash_=file_hash(b"other", algorithm))
    assert caught.value.where == "app 1.0"


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

    with pytest.raises(DownloadError, match="cannot be reached") as caught:
        download(index)
    assert NAME in caught.value.what
    assert caught.value.hint


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_transient_failure_is_tried_again(index: Index, status: int) -> None:
    """An index that restarts would fail the build."""
    index.failures = [status, status]

    assert download(index) == DATA


def test_a_file_that_the_index_does_not_list_is_told(index: Index) -> None:
    """A user would not know which package was taken off the index."""
    with pytest.raises(DownloadError, match=r"/app/ does not list app-2\.0-py3") as caught:
        download(index, name="app-2.0-py3-none-any.whl")
    assert "404" not in str(caught.value)
    assert caught.value.where == "app 1.0"
    assert "lock another version" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        (b"[]", "not a valid page of a package index: .*/simple/app/: it has no list of files"),
        (b'{"meta": {"api-version": "2.0"}, "files": []}', "version 2.0 of the simple API is not supported"),
        (b'{"files": [{"filename": "app-1.0-py3-none-any.whl", "url": 1}]}', "its entry for app-1.0-py3-none-any.whl"),
        (b'{"files": [{"filename": "app-1.0-py3-none-any.whl", "url": "http://host:port/x"}]}', "Failed to parse"),
        (b'{"files": [{"filename": "app-1.0-py3-none-any.whl", "url": "file:///x"}]}', "No connection adapters"),
    ],
)
def test_a_page_that_is_not_valid_is_an_error_of_the_index(
    index: Index, page: bytes, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user would see a traceback, and not which index it is."""
    monkeypatch.setattr(index, "page", lambda _: ("application/vnd.pypi.simple.v1+json", page))

    with pytest.raises(DownloadError, match=problem) as caught:
        download(index, source=private(index))
    assert caught.value.where == "app 1.0"
    assert "'my-index.2'" in caught.value.what
    assert "the url of the source 'my-index.2' in pyproject.toml" in str(caught.value.hint)


def test_an_unknown_project_is_told(index: Index) -> None:
    """A user would see a traceback of the HTTP library."""
    index.files.clear()

    with pytest.raises(DownloadError, match="HTTP status 404"):
        download(index)


def test_an_index_that_does_not_answer_is_told() -> None:
    """A user would see a traceback of the HTTP library."""
    with serve(Index()) as gone:
        pass

    with pytest.raises(DownloadError, match=r"the source 'my-index.2' .* cannot be reached") as caught:
        download(gone, source=private(gone))
    assert "HTTPS_PROXY" in str(caught.value.hint)


def private(index: Index) -> LockedSource:
    """The index as a source of its own."""
    return LockedSource(type="legacy", url=index.url.rstrip("/"), reference="my-index.2")


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
    assert "s3cret" not in repr(indexes(POETRY_PYPI_MIRROR_URL=url).of_package(None))


def test_pypi_is_the_index_of_packages_without_a_source() -> None:
    """Packages of PyPI would not be found."""
    mirrored = indexes(POETRY_PYPI_MIRROR_URL="http://127.0.0.1/mirror/")

    assert indexes().of_package(None).source.page("app") == f"{PYPI_SIMPLE_ENDPOINT}app/"
    assert mirrored.of_package(None).source.page("app") == "http://127.0.0.1/mirror/app/"


def test_pypi_does_not_see_the_login_to_publish_with() -> None:
    """Every download would carry the token that may publish, and the index would refuse it."""
    login = {"POETRY_HTTP_BASIC_PYPI_USERNAME": "__token__", "POETRY_HTTP_BASIC_PYPI_PASSWORD": "pypi-secret"}

    assert indexes(**login).of_package(None).login is None
    named = indexes(**login, POETRY_PYPI_MIRROR_URL=PYPI_SIMPLE_ENDPOINT)
    assert named.of_package(None) == indexes().of_package(None)
    assert named.of_url(f"{PYPI_SIMPLE_ENDPOINT}app/") is None


def test_certificates_are_found_without_a_login(index: Index) -> None:
    """A keyring would be opened for the host that a download is redirected to."""
    asked: list[str] = []
    configuration = PoetryConfiguration({"POETRY_CERTIFICATES_MY_INDEX_2_CERT": "false"})
    credentials = Credentials(configuration, keyring=lambda source, _: asked.append(source.name))
    named = Indexes(Sources.of(listed(index)), credentials)

    assert not named.certificates_for(f"{index.url}app/").verify
    assert named.certificates_for("https://elsewhere.invalid/").verify
    assert asked == []
    assert named.of_url(f"{index.url}app/") is not None
    assert asked == ["my-index.2"]


def test_the_mirror_of_pypi_is_not_used_for_other_indexes() -> None:
    """A private package would be looked for on a public mirror: dependency confusion."""
    source = LockedSource(type="legacy", url="http://127.0.0.1/private", reference="private")
    mirrored = indexes(POETRY_PYPI_MIRROR_URL="http://127.0.0.1/mirror")

    assert mirrored.of_package(source).source.page("app") == "http://127.0.0.1/private/app/"


def listed(index: Index, name: str = "my-index.2") -> str:
    """A pyproject.toml with the index as its source."""
    return f'[[tool.poetry.source]]\nname = "{name}"\nurl = "{index.url}"\n'


def test_a_lock_file_cannot_send_a_login_to_another_host(index: Index) -> None:
    """Whoever can change a lock file would get the passwords of everybody who builds it."""
    with serve(Index(files={NAME: DATA})) as evil:
        download(index, source=private(evil), pyproject=listed(index), **LOGIN)
        stranger = LockedSource(type="legacy", url=evil.url, reference="other")
        other = {name.replace("MY_INDEX_2", "OTHER"): value for name, value in LOGIN.items()}
        download(index, source=stranger, pyproject=listed(index), **other)

    assert [path for path, _ in index.requests] == ["/simple/app/", f"/files/{NAME}"]
    assert all("Authorization" in headers for _, headers in index.requests)
    assert evil.requests
    assert all("Authorization" not in headers for _, headers in evil.requests)


def test_a_redirect_to_another_host_does_not_carry_the_login(index: Index) -> None:
    """Indexes send downloads on to a file store, and whoever runs it would have the password."""
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


def test_an_address_with_a_token_is_logged_without_it(index: Index, caplog: pytest.LogCaptureFixture) -> None:
    """Debug logs of CI jobs are read by many."""
    index.files_at = "../signed"
    index.redirects[f"/simple/files/{NAME}"] = f"/blob/{NAME}?X-Amz-Signature=let-me-in&x=y"
    with caplog.at_level("DEBUG"):
        assert download(index) == DATA

    assert "X-Amz-Signature=****" in caplog.text
    assert "let-me-in" not in caplog.text


def test_a_file_locked_by_address_gets_the_login_of_the_source_on_that_host(index: Index) -> None:
    """A wheel that is asked for by its URL on a private host could not be installed, as Poetry does."""
    index.login = ("me", "s3cret!")
    output = io.BytesIO()
    downloader = Downloader(indexes(listed(index), **LOGIN))

    url = index.url.replace("/simple/", f"/files/{NAME}")
    downloader.download_url("app 1.0", url, LockedFile(NAME, file_hash(DATA)), output)

    assert output.getvalue() == DATA


def test_a_login_that_is_refused_is_told_with_its_origin(index: Index) -> None:
    """A user would look for a missing variable when a token has expired."""
    index.login = ("me", "another")

    with pytest.raises(DownloadError, match="refuses the login") as caught:
        download(index, source=private(index), **LOGIN)
    assert "expired" in str(caught.value.hint)
    assert "s3cret" not in str(caught.value)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority that nobody knows."""
    return trustme.CA()


def tls(authority: trustme.CA, *, clients: bool = False) -> ssl.SSLContext:
    """What a server of that authority is started with; ``clients`` have to show a certificate, too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    if clients:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # later ones refuse after the handshake, at any time
    return context


@pytest.mark.parametrize(
    "variable", ["POETRY_CERTIFICATES_MY_INDEX_2_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", None]
)
def test_a_companys_own_authority_is_trusted_when_it_is_named(
    authority: trustme.CA, tmp_path: Path, variable: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index behind a company's certificate could not be used, or any certificate would do."""
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


def test_checking_certificates_can_be_switched_off_for_one_source(authority: trustme.CA) -> None:
    """Poetry's `certificates.<name>.cert = false` would be taken for a file, or count for other indexes, too."""
    off = {"POETRY_CERTIFICATES_MY_INDEX_2_CERT": "false"}
    with serve(Index(files={NAME: DATA}), tls(authority)) as index, serve(Index(), tls(authority)) as other:
        assert download(index, source=private(index), pyproject=listed(index), **off) == DATA

        index.redirects[f"/files/{NAME}"] = other.url
        with pytest.raises(DownloadError, match="not trusted"):
            download(index, source=private(index), pyproject=listed(index), **off)


def test_a_certificate_of_this_side_is_shown_when_it_is_asked_for(authority: trustme.CA, tmp_path: Path) -> None:
    """An index that asks for client certificates could not be used, and a user would not know what it wants."""
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
    """The index in PyPI's place."""
    return indexes(POETRY_PYPI_MIRROR_URL=index.url)


@pytest.mark.parametrize(("sizes", "size"), [(True, len(DATA)), (False, None)])
def test_size_is_what_the_page_tells(index: Index, sizes: bool, size: int | None) -> None:
    """A preview would have to download a wheel to know its size, or invent one."""
    index.sizes = sizes
    assert Downloader(mirrored(index)).find("app 1.0", "app", FILE, None).size == size


@pytest.mark.parametrize("ranges", [True, False])
def test_the_end_of_a_file_is_read_without_the_rest(index: Index, ranges: bool) -> None:
    """A preview would download whole wheels; an index that gives no parts is no reason to."""
    index.ranges = ranges
    downloader = Downloader(mirrored(index))
    end = downloader.read_end("app 1.0", downloader.find("app 1.0", "app", FILE, None), 1000)
    assert end == FileEnd(DATA[-1000:] if ranges else b"", len(DATA))


def test_nothing_is_asked_after_the_deadline(index: Index) -> None:
    """A preview would hang on an index that is slow to answer."""
    found = Downloader(mirrored(index)).find("app 1.0", "app", FILE, None)
    index.requests.clear()
    late = Downloader(mirrored(index), deadline=time.monotonic() - 1)
    with pytest.raises(DownloadError, match="no time was left"):
        late.find("app 1.0", "app", FILE, None)
    with pytest.raises(DownloadError, match="no time was left"):
        late.read_end("app 1.0", found, 10)
    assert index.requests == []


def test_a_question_with_a_deadline_is_asked_once(index: Index) -> None:
    """A preview would sit out the pauses between attempts."""
    index.failures = [503, 503]
    with pytest.raises(DownloadError):
        Downloader(mirrored(index), deadline=time.monotonic() + 60).find("app 1.0", "app", FILE, None)
    assert len(index.requests) == 1
