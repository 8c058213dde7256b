"""The certificates of connections to indexes, and the TLS contexts that connections share."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from ssl import CERT_REQUIRED, SSLContext
from threading import Lock
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPResponse, ProxyManager, disable_warnings
from urllib3.exceptions import InsecureRequestWarning
from urllib3.util.ssl_ import create_urllib3_context

from pulumi_poetry_layer.index.watch import POOLS

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from pulumi_poetry_layer.index.poetry_config import Certificates

_LONG_REDIRECT = 6  # digits of a length in bytes
_CONTEXTS: dict[tuple[str, int], SSLContext] = {}
_CONTEXTS_LOCK = Lock()


class CertificatesAdapter(HTTPAdapter):
    """Chooses the certificates for each request by its address, so that a redirect uses those of the new host.

    Connections that trust the same CA bundle share one TLS context, because reading a bundle is slow and each thread
    has a connection to each host.

    Args:
        certificates_for: returns the certificates that are configured for an address.
        bundle: path of the CA bundle to use if neither those certificates nor the variables of requests set one.
        arguments: the arguments of the adapter of requests.
    """

    def __init__(self, certificates_for: Callable[[str], Certificates], bundle: str | None, **arguments: Any) -> None:
        self._certificates_for = certificates_for
        self._bundle = bundle
        super().__init__(**arguments)

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        """Send a request with the certificates that belong to its address."""
        certificates = self._certificates_for(request.url or "")
        if not certificates.verify or certificates.authority:
            options["verify"] = certificates.authority or False
        elif options.get("verify") is True and self._bundle:
            options["verify"] = self._bundle
        options["cert"] = certificates.client
        if options["verify"] is False:
            disable_warnings(InsecureRequestWarning)  # the user has turned verification off
        response = super().send(request, *arguments, **options)
        if response.is_redirect and not _is_short(response):
            # requests reads the body of a redirect into memory, whatever its size
            response.raw.close()
            response.raw = HTTPResponse(io.BytesIO(), preload_content=False)
        return response

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make connections that :mod:`pulumi_poetry_layer.index.watch` can end."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> ProxyManager:
        """Make connections to a proxy that can be ended, too. Those to a SOCKS proxy are of another kind."""
        manager: ProxyManager = super().proxy_manager_for(*arguments, **options)
        if type(manager) is ProxyManager:
            manager.pool_classes_by_scheme = POOLS
        return manager

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str, cert: Any = None
    ) -> tuple[Any, Any]:
        """The key of a connection pool, and the arguments for its connections, with the shared TLS context."""
        host, tls = super().build_connection_pool_key_attributes(request, verify, cert)
        context = _shared_context(DEFAULT_CA_BUNDLE_PATH if verify is True else verify) if verify and not cert else None
        if context is None or host["scheme"] != "https":
            return host, tls
        return host, {"cert_reqs": tls["cert_reqs"], "ssl_context": context}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Set the certificates of a connection. One with a shared TLS context does not read the bundle again."""
        super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]
        if conn.conn_kw.get("ssl_context") is not None:
            conn.ca_certs = conn.ca_cert_dir = None


def _is_short(response: requests.Response) -> bool:
    length = response.headers.get("Content-Length", "")
    return length.isdecimal() and len(length) < _LONG_REDIRECT


def _shared_context(bundle: str) -> SSLContext | None:
    """The TLS context for a CA bundle; None if the bundle cannot be read, which the connection then reports."""
    with suppress(OSError), _CONTEXTS_LOCK:
        path = Path(bundle)
        key = (bundle, path.stat().st_mtime_ns)
        if key not in _CONTEXTS:
            context = create_urllib3_context(cert_reqs=CERT_REQUIRED)
            context.load_verify_locations(**{"capath" if path.is_dir() else "cafile": bundle})
            _CONTEXTS[key] = context
        return _CONTEXTS[key]
    return None
