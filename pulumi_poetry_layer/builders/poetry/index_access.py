"""How a Poetry that runs in a folder of its own gets at the project's indexes.

It reads none of this user's configuration, so all that it needs is looked up here and handed to it: logins and
certificates in its environment and nowhere else. Its copies of pyproject.toml and poetry.lock have no login in any
address: whatever becomes of the folder or the container, there is nothing to be found in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import tomli_w

from pulumi_poetry_layer.host.variables import variable_names
from pulumi_poetry_layer.index.credentials import keyring_is_installed, url_with_login
from pulumi_poetry_layer.index.poetry_config import Certificates
from pulumi_poetry_layer.index.sources import PYPI, Address, PackageSource, Sources
from pulumi_poetry_layer.masking import has_login, without_logins
from pulumi_poetry_layer.names import is_wheel
from pulumi_poetry_layer.poetry.lockfile import parse_lockfile
from pulumi_poetry_layer.poetry.pyproject import parse_project
from pulumi_poetry_layer.poetry.toml_tables import parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pulumi_poetry_layer.builders import ProjectFiles
    from pulumi_poetry_layer.index.credentials import Credentials
    from pulumi_poetry_layer.index.sources import Login
    from pulumi_poetry_layer.plan.build_plan import BuildPlan, PlannedPackage

_UNLISTED = "pulumi-poetry-layer-{}"
"""Name of a source for an address that a package is locked at, so that Poetry has a login for it."""


@dataclass(frozen=True, kw_only=True)
class IndexAccess:
    """What Poetry is given.

    Attributes:
        variables: environment variables, with logins in them.
        pip_variables: the same for pip, which is to take Poetry from the mirror of PyPI.
        certificates: name of a source → its certificates, which are files of this host.
        sources: what pyproject.toml lists.
        mirror: the index that stands in for PyPI.
        logins: name of a source → its login.
        asks_keyring: whether Poetry shall look into the keyring itself, because this package cannot.
        pyproject: text of the pyproject.toml to install from.
        content_hash: what its lock file has to say then; None where the text is the user's own.
    """

    variables: dict[str, str] = field(repr=False)
    pip_variables: Mapping[str, str] = field(repr=False)
    certificates: Mapping[str, Certificates]
    sources: Sources
    mirror: PackageSource | None
    logins: Mapping[str, Login]
    asks_keyring: bool
    pyproject: str = field(repr=False)
    content_hash: str | None = None

    def lock(self, pinned: str) -> str:
        """The text of a pinned lock file that fits the text of pyproject.toml."""
        if self.content_hash is None:
            return pinned
        document = _stripped(parse_toml(pinned))
        document["metadata"]["content-hash"] = self.content_hash
        first_line = pinned.partition("\n")[0]
        return (f"{first_line}\n\n" if first_line.startswith("#") else "") + tomli_w.dumps(document)

    @property
    def settings(self) -> str:
        """Text of a poetry.toml: what Poetry takes from no environment variable, or would take for a path there."""
        off = {name: {"cert": False} for name, certificates in self.certificates.items() if not certificates.verify}
        return tomli_w.dumps({"certificates": off}) if off else ""

    def certificate_variables(self) -> dict[str, str]:
        """The variables that name certificates, which are files of this host."""
        found: dict[str, str] = {}
        for name, certificates in self.certificates.items():
            for key, path in (("cert", certificates.authority), ("client-cert", certificates.client)):
                found |= dict.fromkeys(variable_names("certificates", name, key), path) if path else {}
        return found

    def unset(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The variables without those that say in text what ``settings`` says."""
        taken = {
            name
            for source, certificates in self.certificates.items()
            if not certificates.verify
            for name in variable_names("certificates", source, "cert")
        }
        return {name: value for name, value in variables.items() if name not in taken}


def index_access(plan: BuildPlan, files: ProjectFiles, credentials: Credentials) -> IndexAccess:
    """Look up what Poetry needs to install a plan.

    Raises:
        InputError: a certificate that is configured for a source does not exist.
    """
    listed = Sources.of(files.pyproject)
    unlisted = list(_unlisted(plan))
    pyproject, content_hash = _without_logins(plan, files, unlisted)
    needed = [*_needed(plan, listed), *unlisted]
    mirror = credentials.mirror()
    named = [*needed, *([mirror] if mirror else [])]
    logins = {source.name: login for source in named if (login := credentials.login(source))}
    return IndexAccess(
        variables=credentials.variables(needed),
        pip_variables={"PIP_INDEX_URL": url_with_login(mirror, credentials.login(mirror))} if mirror else {},
        certificates={
            source.name: found
            for source in named
            if (found := credentials.configuration.certificates(source.name)) != Certificates()
        },
        sources=listed,
        mirror=mirror,
        logins=logins,
        asks_keyring=any(source.name not in logins for source in needed)
        and credentials.configuration.uses_keyring
        and not keyring_is_installed(),
        pyproject=pyproject,
        content_hash=content_hash,
    )


def _needed(plan: BuildPlan, listed: Sources) -> list[PackageSource]:
    """The sources that are asked for something: a keyring is not opened for others."""
    builds = any(not (package.file and is_wheel(package.file.name)) for package in plan.packages)
    asked = {source.name for package in plan.packages if (source := _source_of(package, listed))}
    return [
        source
        for source in listed.listed
        if not source.is_pypi and (source.name in asked or (builds and source.priority != "explicit"))
    ]


def _source_of(package: PlannedPackage, listed: Sources) -> PackageSource | None:
    if package.source and package.source.type == "url":
        return listed.of_url(package.source.url)
    return listed.of_package(package.source)


def _without_logins(plan: BuildPlan, files: ProjectFiles, unlisted: Iterable[PackageSource]) -> tuple[str, str | None]:
    """pyproject.toml without logins in addresses, and with sources for those that are no source's; its content hash.

    PyPI is listed where a package is locked from it and it is not: a lock file of Poetry 1 may say so, and Poetry 2
    would look for the package on another index.
    """
    replaced = Sources.of(files.pyproject).instead_of_pypi is not None
    from_pypi = replaced and any(package.source is None for package in plan.packages)
    if not (from_pypi or has_login(files.pyproject) or has_login(files.lock)):
        return files.pyproject, None
    document = _stripped(parse_toml(files.pyproject))
    added = [{"name": source.name, "url": source.address.url, "priority": "explicit"} for source in unlisted]
    if from_pypi:
        added.append({"name": PYPI, "priority": "explicit"})
    if added:
        poetry = document.setdefault("tool", {}).setdefault("poetry", {})
        poetry["source"] = [*poetry.get("source", []), *added]
    text = tomli_w.dumps(document)
    before, after = parse_project(files.pyproject), parse_project(text)
    same_rule = parse_lockfile(files.lock).content_hash == before.content_hash
    return text, after.content_hash if same_rule else after.content_hash_without_groups


def _stripped(value: Any) -> Any:
    """A TOML document without logins in the http addresses of its texts."""
    if isinstance(value, dict):
        return {key: _stripped(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_stripped(entry) for entry in value]
    return without_logins(value) if isinstance(value, str) else value


def _unlisted(plan: BuildPlan) -> Iterator[PackageSource]:
    """Sources for git repositories and files that are locked at an address with a login."""
    locked: Iterable[Any] = (package.source for package in plan.packages)
    addresses = {
        source.url: None for source in locked if source and source.type in {"git", "url"} and "://" in source.url
    }
    for number, url in enumerate(addresses):
        if has_login(url):
            yield PackageSource(_UNLISTED.format(number), Address.of(url), "explicit")
