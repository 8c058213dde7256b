"""TLS contexts that connections share; whom they trust is held by test_index.py, too."""

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
    """A file with the authority's certificate."""
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[requests.Session]:
    """A session that uses the adapter, and nothing of the environment."""
    monkeypatch.setenv("NO_PROXY", "*")
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", CertificatesAdapter(lambda _: Certificates(), None))
        yield session


def test_connections_to_many_hosts_read_the_authorities_once(tmp_path: Path) -> None:
    """Each connection of each thread would spend 40 ms on the usual bundle."""
    bundle = bundle_of(trustme.CA(), tmp_path / "bundle.pem")
    assert _shared_context(str(bundle)) is _shared_context(str(bundle)) is not None


def test_a_bundle_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    """A process that lives long would refuse a renewed authority, or trust one that was taken out."""
    bundle = bundle_of(trustme.CA(), tmp_path / "bundle.pem")
    before = _shared_context(str(bundle))
    bundle_of(trustme.CA(), bundle)
    os.utime(bundle, ns=(1, 1))

    assert _shared_context(str(bundle)) is not before


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_bundle_that_cannot_be_read_is_left_to_the_connection(tmp_path: Path, text: str | None) -> None:
    """The error would not be the one that tells what to do."""
    bundle = tmp_path / "bundle.pem"
    if text:
        bundle.write_text(text)
    assert _shared_context(str(bundle)) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "elsewhere.invalid"])
def test_a_certificate_is_good_for_its_own_host_alone(tmp_path: Path, session: requests.Session, host: str) -> None:
    """Whoever has a certificate for one host of a company could stand in for its index."""
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


def test_trust_in_one_authority_is_not_trust_in_another(tmp_path: Path, session: requests.Session) -> None:
    """A connection would take over what an earlier one was told to trust."""
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
