"""What a container gets of this host's environment variables: how to reach indexes, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.host.variables import Audience, VariableKind, seen_by, variable_kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_poetry_layer.builders.poetry.index_access import IndexAccess

CERTIFICATES_FOLDER = "/run/pulumi-poetry-layer/certificates"
"""Where the certificate bundles that the variables name are in a container."""

KEYS_FOLDER = "/dev/shm/pulumi-poetry-layer"  # noqa: S108 - of the container
"""Where certificates with private keys are in a container: in memory, which no image, archive or disk gets to see."""

_NO_FILE = frozenset({"", "true", "false"})  # POETRY_CERTIFICATES_<NAME>_CERT=false turns verification off


@dataclass(frozen=True, kw_only=True)
class ContainerEnvironment:
    """Environment variables for programs in a container, and the files that they name there.

    Attributes:
        variables: name → value.
        certificates: name of a file in ``CERTIFICATES_FOLDER`` → its content.
        keys: name of a file in ``KEYS_FOLDER`` → its content, which is secret.
    """

    variables: Mapping[str, str] = field(repr=False)
    certificates: Mapping[str, bytes]
    keys: Mapping[str, bytes] = field(repr=False)


def container_environment(variables: Mapping[str, str], access: IndexAccess) -> ContainerEnvironment:
    """Proxies, indexes with their credentials, and certificates of this host, for a container.

    Args:
        variables: environment variables of this host.
        access: how the project's indexes are got at.

    Raises:
        InputError: a certificate that a variable names cannot be read.
    """
    host = access.unset(variables) | access.variables | access.certificate_variables()
    passed: dict[str, str] = {}
    certificates: dict[str, bytes] = {}
    keys: dict[str, bytes] = {}
    for name, value in sorted(seen_by(Audience.CONTAINER, {**access.pip_variables, **host}).items()):
        kind, file = variable_kind(name), f"{name.lower()}.pem"
        if kind not in {VariableKind.KEY, VariableKind.BUNDLE}:
            passed[name] = value
        elif value not in _NO_FILE:
            folder, files = (KEYS_FOLDER, keys) if kind is VariableKind.KEY else (CERTIFICATES_FOLDER, certificates)
            files[file] = _content(name, value)
            passed[name] = f"{folder}/{file}"
    if bundle := passed.get("SSL_CERT_FILE"):  # Poetry's HTTP library knows only the other two
        passed.setdefault("REQUESTS_CA_BUNDLE", passed.get("CURL_CA_BUNDLE") or bundle)
    return ContainerEnvironment(variables=passed, certificates=certificates, keys=keys)


def _content(name: str, path: str) -> bytes:
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise InputError(
            f"{name} is set to a certificate file that cannot be read: {error.strerror}",
            where=path,
            hint=f"unset {name}, or set it to the path of a file",
        ) from error
