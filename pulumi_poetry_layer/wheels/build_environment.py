"""Environment variables for the programs that turn sources into wheels here: pip, build backends and git.

What a build backend runs is code of the package's author: it sees neither this user's logins nor Pulumi's secrets, but
for the one that pip needs to fetch the backend. git is told its login in variables, and so never in its arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.host.variables import Audience, seen_by
from pulumi_poetry_layer.index.credentials import url_with_login
from pulumi_poetry_layer.index.poetry_config import Certificates
from pulumi_poetry_layer.index.sources import Address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_poetry_layer.index.credentials import Credentials
    from pulumi_poetry_layer.index.sources import Sources

_GIT_USERNAME, _GIT_PASSWORD = "PULUMI_POETRY_LAYER_GIT_USERNAME", "PULUMI_POETRY_LAYER_GIT_PASSWORD"
_GIT_HELPER = f"""!f() {{ echo "username=${_GIT_USERNAME}"; echo "password=${_GIT_PASSWORD}"; }}; f"""


def build_variables(variables: Mapping[str, str], sources: Sources, credentials: Credentials) -> dict[str, str]:
    """The environment of a build: its requirements come from where everything else comes from.

    That is the mirror of PyPI, or the primary source that stands in its place, and with neither what pip is set to.

    Raises:
        InputError: a certificate that is configured for that index does not exist.
    """
    environment = seen_by(Audience.BUILDS, variables)
    index = sources.instead_of_pypi or credentials.mirror()
    if index is None:
        return environment
    certificates = credentials.configuration.certificates(index.name)
    environment["PIP_INDEX_URL"] = url_with_login(index, credentials.login(index))
    if not certificates.verify:
        environment["PIP_TRUSTED_HOST"] = index.host
    return environment | _certificates(certificates, variables)


def _certificates(certificates: Certificates, variables: Mapping[str, str]) -> dict[str, str]:
    found = {"PIP_CERT": certificates.authority, "PIP_CLIENT_CERT": certificates.client}
    common = variables.get("PIP_CERT") or variables.get("REQUESTS_CA_BUNDLE") or variables.get("SSL_CERT_FILE")
    return {name: value for name, value in {**found, "PIP_CERT": found["PIP_CERT"] or common}.items() if value}


def git_variables(variables: Mapping[str, str], address: Address) -> dict[str, str]:
    """The environment for git, which asks a helper for the login of the address's own host; nobody is prompted."""
    environment = {**seen_by(Audience.BUILDS, variables), "GIT_TERMINAL_PROMPT": "0"}
    if address.login is None:
        return environment
    settings = int(environment.get("GIT_CONFIG_COUNT") or 0)
    return environment | {
        _GIT_USERNAME: address.login.username,
        _GIT_PASSWORD: address.login.password,
        "GIT_CONFIG_COUNT": str(settings + 1),
        f"GIT_CONFIG_KEY_{settings}": f"credential.{address.origin}.helper",
        f"GIT_CONFIG_VALUE_{settings}": _GIT_HELPER,
    }
