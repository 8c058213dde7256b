"""The environment variables of programs in a container: how to reach the indexes, and nothing else of this host."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.host.cache import digest_name
from pulumi_poetry_layer.host.files import expand_home
from pulumi_poetry_layer.host.variables import Audience, VariableKind, seen_by, variable_kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_poetry_layer.builders.poetry.index_access import IndexAccess

CERTIFICATES_FOLDER = "/run/pulumi-poetry-layer/certificates"
"""Folder in a container for CA bundles."""

KEYS_FOLDER = "/dev/shm/pulumi-poetry-layer"  # noqa: S108 - in the container
"""Folder in a container for client certificates with their private keys. It is in memory, not on a disk."""

_FILE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_NO_FILE = frozenset({"", "true", "false"})  # POETRY_CERTIFICATES_<NAME>_CERT=false turns verification off


@dataclass(frozen=True, kw_only=True)
class ContainerEnvironment:
    """Environment variables for programs in a container, and the files that they refer to.

    Attributes:
        variables: name → value.
        certificates: name of a file in ``CERTIFICATES_FOLDER`` → its content.
        keys: name of a file in ``KEYS_FOLDER`` → its content, which is secret.
    """

    variables: Mapping[str, str] = field(repr=False)
    certificates: Mapping[str, bytes]
    keys: Mapping[str, bytes] = field(repr=False)


def container_environment(variables: Mapping[str, str], access: IndexAccess) -> ContainerEnvironment:
    """The proxies, indexes, logins and certificates of this host, for programs in a container.

    Args:
        variables: environment variables of this process.
        access: logins and certificates for the indexes of the project.

    Raises:
        InputError: a certificate file cannot be read.
    """
    host = access.without_disabled_certificates(variables) | access.variables | access.certificate_variables()
    passed: dict[str, str] = {}
    certificates: dict[str, bytes] = {}
    keys: dict[str, bytes] = {}
    for name, value in sorted(seen_by(Audience.CONTAINER, {**access.pip_variables, **host}).items()):
        kind, file = variable_kind(name), f"{name.lower() if _FILE_NAME.fullmatch(name) else digest_name(name)}.pem"
        if kind not in {VariableKind.KEY, VariableKind.BUNDLE}:
            passed[name] = value
        elif value not in _NO_FILE:
            folder, files = (KEYS_FOLDER, keys) if kind is VariableKind.KEY else (CERTIFICATES_FOLDER, certificates)
            files[file] = _content(name, value)
            passed[name] = f"{folder}/{file}"
    if bundle := passed.get("SSL_CERT_FILE"):  # requests, which Poetry uses, reads only the other two
        passed.setdefault("REQUESTS_CA_BUNDLE", passed.get("CURL_CA_BUNDLE") or bundle)
    return ContainerEnvironment(variables=passed, certificates=certificates, keys=keys)


def _content(name: str, path: str) -> bytes:
    try:
        return expand_home(path).read_bytes()
    except OSError as error:
        raise InputError(
            f"{name} is set to a certificate file that cannot be read: {error.strerror}",
            where=path,
            hint=f"unset {name}, or set it to the path of a readable file",
        ) from error
