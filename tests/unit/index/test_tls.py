"""Tests of the TLS contexts that connections share; test_client.py has more tests of certificates."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import trustme
from samples.index import Index, serve

from pulumi_poetry_layer.index.poetry_config import Certificates
from pulumi_poetry_layer.index.tls import CertificatesAdapter, _shared_context


def bundle_of(authority: trustme.CA, path: Path) -> Path:
    """A file with the certificate of the authority."""
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[requests.Session]:
    """A session that uses the adapter and ignores the environment."""
    monkeypatch.setenv("NO_PROXY", "*")
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", CertificatesAdapter(lambda _: Certificates(), None))
        yield session


def test_ca_bundle_is_read_once_for_all_connections(tmp_path: Path) -> None:
    """Each connection of each thread would read the bundle, which is slow."""
    bundle = bundle_of(trustme.CA(), tmp_path / "bundle.pem")
    assert _shared_context(str(bundle)) is _shared_context(str(bundle)) is not None


def test_replaced_ca_bundle_is_read_again(tmp_path: Path) -> None:
    """A long-running process would not trust a new CA, or would still trust a removed one."""
    bundle = bundle_of(trustme.CA(), tmp_path / "bundle.pem")
    before = _shared_context(str(bundle))
    bundle_of(trustme.CA(), bundle)
    os.utime(bundle, ns=(1, 1))

    assert _shared_context(str(bundle)) is not before


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_unreadable_ca_bundle_gives_no_shared_context(tmp_path: Path, text: str | None) -> None:
    """The connection could not report the error with its hint."""
    bundle = tmp_path / "bundle.pem"
    if text:
        bundle.write_text(text)
    assert _shared_context(str(bundle)) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "elsewhere.invalid"])
def test_certificate_for_another_host_is_refused(tmp_path: Path, session: requests.Session, host: str) -> None:
    """Anyone with a certificate for one host of a company could impersonate its index."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    session.verify = str(bundle_of(authority, tmp_path / "bundle.pem"))
    with serve(Index(files={"app-1.0-py3-none-any.whl": b"x"}), context) as index:
        if host == "127.0.0.1":
            assert session.get(f"{index.url}app/").ok
            return
        with pytest.raises(requests.exceptions.SSLError, match=r"IP address mismatch|doesn't match"):
            session.get(f"{index.url}app/")


def test_connection_does_not_use_the_ca_bundle_of_an_earlier_one(tmp_path: Path, session: requests.Session) -> None:
    """A server with an untrusted certificate would be trusted, because another setting was used before."""
    authority, other = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusted = bundle_of(authority, tmp_path / "bundle.pem")
    distrusted = bundle_of(other, tmp_path / "other.pem")
    with serve(Index(files={"app-1.0-py3-none-any.whl": b"x"}), context) as index:
        assert session.get(f"{index.url}app/", verify=str(trusted)).ok
        for verify in (str(distrusted), True):
            with pytest.raises(requests.exceptions.SSLError):
                session.get(f"{index.url}app/", verify=verify)
