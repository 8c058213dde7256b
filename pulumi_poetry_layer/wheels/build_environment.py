"""Environment variables for the programs that build wheels from source on this host: pip, build backends and git.

A build backend runs code of the package's author. It must not see the user's logins or Pulumi's secrets. The one
exception is the login that pip needs to download the backend. git gets its login in environment variables, because
every user of the host can read the arguments of a process.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import InputError, PackageFileError
from pulumi_poetry_layer.host.variables import Audience, seen_by
from pulumi_poetry_layer.index.credentials import url_with_login
from pulumi_poetry_layer.index.poetry_config import Certificates
from pulumi_poetry_layer.index.sources import Address
from pulumi_poetry_layer.poetry.pip_specifiers import pip_specifier
from pulumi_poetry_layer.wheels.pip_config import pip_settings
from pulumi_poetry_layer.wording import setting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pulumi_poetry_layer.index.credentials import Credentials
    from pulumi_poetry_layer.index.sources import Sources
    from pulumi_poetry_layer.plan.build_plan import PlannedPackage

_GIT_USERNAME, _GIT_PASSWORD = "PULUMI_POETRY_LAYER_GIT_USERNAME", "PULUMI_POETRY_LAYER_GIT_PASSWORD"
_GIT_HELPER = f"""!f() {{ echo "username=${_GIT_USERNAME}"; echo "password=${_GIT_PASSWORD}"; }}; f"""


def build_variables(variables: Mapping[str, str], sources: Sources, credentials: Credentials) -> dict[str, str]:
    """The environment variables for a build of a wheel.

    pip downloads the build requirements from the primary source that replaces PyPI, else from the mirror of PyPI,
    else from the index that pip is configured with. Other settings of pip are not used.

    Args:
        variables: environment variables of this process.
        sources: the indexes that pyproject.toml lists.
        credentials: the user's logins and certificates.

    Raises:
        InputError: a certificate that is configured for that index does not exist.
    """
    environment = {**pip_settings(variables), **seen_by(Audience.BUILDS, variables), "PIP_CONFIG_FILE": os.devnull}
    index = sources.instead_of_pypi or credentials.mirror()
    if index is None:
        return environment
    certificates = credentials.configuration.certificates(index.name)
    environment["PIP_INDEX_URL"] = url_with_login(index, credentials.login(index))
    if not certificates.verify:
        environment["PIP_TRUSTED_HOST"] = index.host
    return environment | _certificates(certificates, variables)


def constraint_variables(package: PlannedPackage, file: Path) -> dict[str, str]:
    """Write what limits the build requirements of a package into a file, and return the variables for pip to use it.

    Args:
        package: the package.
        file: the file to write.

    Raises:
        PackageFileError: pip cannot express a constraint.
    """
    lines = []
    for constraint in package.build_constraints:
        name, _, versions = constraint.partition(" ")
        specifier = None if versions.startswith("@") else pip_specifier(versions)
        if specifier is None:
            raise PackageFileError(
                f"pip cannot express its build constraint {constraint!r}",
                where=package.label,
                hint="write it without alternatives and addresses, or use the local or the container builder "
                f"({setting('builder', 'local')}, {setting('builder', 'container')})",
            )
        lines.append(f"{name}{specifier}\n")
    file.write_text("".join(lines), encoding="utf-8")
    return {"PIP_CONSTRAINT": file.resolve().as_uri()}  # a path with a space would be taken for two paths


def _certificates(certificates: Certificates, variables: Mapping[str, str]) -> dict[str, str]:
    bundle = (
        certificates.authority
        or variables.get("PIP_CERT")
        or variables.get("REQUESTS_CA_BUNDLE")
        or variables.get("SSL_CERT_FILE")
    )
    found = {"PIP_CERT": bundle, "PIP_CLIENT_CERT": certificates.client}
    return {name: value for name, value in found.items() if value}


def git_variables(variables: Mapping[str, str], address: Address) -> dict[str, str]:
    """The environment variables for git, which never prompts for a login.

    A credential helper gives the login of the address to git, for the host of that address only.

    Args:
        variables: environment variables of this process.
        address: the address of the repository.

    Raises:
        InputError: GIT_CONFIG_COUNT is not a number.
    """
    environment = {**seen_by(Audience.BUILDS, variables), "GIT_TERMINAL_PROMPT": "0"}
    if address.login is None:
        return environment
    count = environment.get("GIT_CONFIG_COUNT") or "0"
    if not count.isdecimal():
        raise InputError(f"{count!r} is not a number", where="GIT_CONFIG_COUNT", hint="set it to a number, or unset it")
    settings = int(count)
    return environment | {
        _GIT_USERNAME: address.login.username,
        _GIT_PASSWORD: address.login.password,
        "GIT_CONFIG_COUNT": str(settings + 1),
        f"GIT_CONFIG_KEY_{settings}": f"credential.{address.origin}.helper",
        f"GIT_CONFIG_VALUE_{settings}": _GIT_HELPER,
    }
