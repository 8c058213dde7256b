"""What a container gets of this host's environment variables: how to reach indexes, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.builders.poetry_install import INDEX_VARIABLES, MIRROR_VARIABLE
from pulumi_poetry_layer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

CERTIFICATES_FOLDER = "/run/pulumi-poetry-layer/certificates"
"""Where the certificate bundles that the variables name are in a container."""

_NETWORK_VARIABLES = re.compile(
    r"(HTTP|HTTPS|FTP|ALL|NO)_PROXY|PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|DEFAULT_TIMEOUT|TIMEOUT|RETRIES|PROXY)",
    re.IGNORECASE,
)
_BUNDLE_VARIABLES = re.compile(r"SSL_CERT_FILE|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|PIP_CERT|POETRY_CERTIFICATES_.+_CERT")
_NOT_A_BUNDLE = frozenset({"", "true", "false"})  # POETRY_CERTIFICATES_<NAME>_CERT=false turns verification off


@dataclass(frozen=True, kw_only=True)
class ContainerEnvironment:
    """Environment variables for programs in a container, and the files that they name there.

    Attributes:
        variables: name → value.
        certificates: name of a file in ``CERTIFICATES_FOLDER`` → its content.
    """

    variables: Mapping[str, str]
    certificates: Mapping[str, bytes]


def container_environment(variables: Mapping[str, str]) -> ContainerEnvironment:
    """Proxies, indexes with their credentials, and certificate bundles of this host, for a container.

    pip takes the mirror of PyPI that Poetry is to use, unless it has an index of its own.

    Raises:
        InputError: a certificate bundle that a variable names cannot be read.
    """
    passed: dict[str, str] = {}
    certificates: dict[str, bytes] = {}
    for name, value in sorted(variables.items()):
        if name.endswith("_CLIENT_CERT"):
            continue  # it holds a private key, and what is copied into a container lies on the daemon's disk
        if _BUNDLE_VARIABLES.fullmatch(name) and value not in _NOT_A_BUNDLE:
            file_name = f"{name.lower()}.pem"
            certificates[file_name] = _bundle(name, value)
            passed[name] = f"{CERTIFICATES_FOLDER}/{file_name}"
        elif INDEX_VARIABLES.fullmatch(name) or _NETWORK_VARIABLES.fullmatch(name):
            passed[name] = value
    if MIRROR_VARIABLE in passed:
        passed.setdefault("PIP_INDEX_URL", passed[MIRROR_VARIABLE])
    return ContainerEnvironment(variables=passed, certificates=certificates)


def _bundle(name: str, path: str) -> bytes:
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise InputError(
            f"{name} names a certificate bundle that cannot be read: {error.strerror}",
            where=path,
            hint=f"unset {name}, or let it name a file",
        ) from error
