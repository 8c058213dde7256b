"""What Poetry needs to reach the indexes of a project from a temporary folder.

Poetry does not read the user's configuration there. So this module looks up logins and certificates, and passes them
to Poetry in environment variables. The copies of pyproject.toml and poetry.lock contain no login, so no login stays
behind if the folder or the container is not removed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any

import tomli_w

from pulumi_poetry_layer.host.variables import variable_names
from pulumi_poetry_layer.index.credentials import keyring_is_installed, url_with_login
from pulumi_poetry_layer.index.poetry_config import Certificates
from pulumi_poetry_layer.index.sources import PYPI, Address, PackageSource, Sources
from pulumi_poetry_layer.masking import has_login, without_logins
from pulumi_poetry_layer.names import is_wheel
from pulumi_poetry_layer.plan.python_patch import allows_all_patches
from pulumi_poetry_layer.poetry.lockfile import parse_lockfile
from pulumi_poetry_layer.poetry.pyproject import parse_project
from pulumi_poetry_layer.poetry.toml_tables import parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pulumi_poetry_layer.builders.builder import ProjectFiles
    from pulumi_poetry_layer.index.credentials import Credentials
    from pulumi_poetry_layer.index.sources import Login
    from pulumi_poetry_layer.plan.build_plan import BuildPlan, PlannedPackage
    from pulumi_poetry_layer.plan.target import Target
    from pulumi_poetry_layer.poetry.pyproject import Project

_UNLISTED = "pulumi-poetry-layer-{}"
"""Name of a source that is added for a locked address with a login, so that Poetry uses that login."""


@dataclass(frozen=True, kw_only=True)
class IndexAccess:
    """What Poetry gets to reach the indexes.

    Attributes:
        variables: environment variables with logins, for Poetry.
        pip_variables: environment variables for pip, which installs Poetry from the mirror of PyPI.
        certificates: name of a source → its certificates, as paths on this host.
        sources: the sources that pyproject.toml lists.
        mirror: the mirror of PyPI, or None.
        logins: name of a source → its login.
        asks_keyring: whether Poetry must ask the keyring itself, because the keyring package is not installed here.
        pyproject: text of the pyproject.toml to install from.
        content_hash: content hash of ``pyproject``, or None if ``pyproject`` is the unchanged text of the user.
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
        """The text of a pinned lock file, without logins and with the content hash of ``pyproject``.

        Args:
            pinned: text of the pinned lock file.
        """
        if self.content_hash is None:
            return pinned
        document = _without_logins(parse_toml(pinned))
        document["metadata"]["content-hash"] = self.content_hash
        first_line = pinned.partition("\n")[0]
        return (f"{first_line}\n\n" if first_line.startswith("#") else "") + tomli_w.dumps(document)

    @property
    def poetry_toml(self) -> str:
        """Text of a poetry.toml that turns certificate checks off, or "" if none are off.

        In an environment variable, Poetry would take ``false`` for the path of a file.
        """
        off = {name: {"cert": False} for name, certificates in self.certificates.items() if not certificates.verify}
        return tomli_w.dumps({"certificates": off}) if off else ""

    def certificate_variables(self) -> dict[str, str]:
        """Environment variables with the paths of certificates on this host."""
        found: dict[str, str] = {}
        for name, certificates in self.certificates.items():
            for key, path in (("cert", certificates.authority), ("client-cert", certificates.client)):
                found |= dict.fromkeys(variable_names("certificates", name, key), path) if path else {}
        return found

    def without_disabled_certificates(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The variables without those that turn a certificate check off; :attr:`poetry_toml` does that.

        Args:
            variables: environment variables of this process.
        """
        disabled = {
            name
            for source, certificates in self.certificates.items()
            if not certificates.verify
            for name in variable_names("certificates", source, "cert")
        }
        return {name: value for name, value in variables.items() if name not in disabled}


def index_access(plan: BuildPlan, files: ProjectFiles, credentials: Credentials) -> IndexAccess:
    """Look up what Poetry needs to install a plan.

    Args:
        plan: what to install.
        files: the files that the plan was made from.
        credentials: the user's logins and certificates.

    Raises:
        InputError: a certificate that is configured for a source does not exist.
    """
    listed = Sources.of(files.pyproject)
    unlisted = list(_unlisted_sources(plan))
    pyproject, content_hash = _installable_pyproject(plan, files, unlisted)
    needed = [*_needed_sources(plan, listed), *unlisted]
    mirror = credentials.mirror()
    used = [*needed, *([mirror] if mirror else [])]
    logins = {source.name: login for source in used if (login := credentials.login(source))}
    return IndexAccess(
        variables=credentials.variables(needed),
        pip_variables={"PIP_INDEX_URL": url_with_login(mirror, credentials.login(mirror))} if mirror else {},
        certificates={
            source.name: found
            for source in used
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


def _needed_sources(plan: BuildPlan, listed: Sources) -> list[PackageSource]:
    """The listed sources that Poetry needs. The keyring is not opened for the others.

    Build requirements may come from every source that is not explicit.
    """
    builds = any(not (package.file and is_wheel(package.file.name)) for package in plan.packages)
    locked = {source.name for package in plan.packages if (source := _source_of(package, listed))}
    return [
        source
        for source in listed.listed
        if not source.is_pypi and (source.name in locked or (builds and source.priority != "explicit"))
    ]


def _source_of(package: PlannedPackage, listed: Sources) -> PackageSource | None:
    if package.source and package.source.type == "url":
        return listed.of_url(package.source.url)
    return listed.of_package(package.source)


def _installable_pyproject(
    plan: BuildPlan, files: ProjectFiles, unlisted: Iterable[PackageSource]
) -> tuple[str, str | None]:
    """The text of a pyproject.toml without logins in addresses, and its content hash.

    If the project does not allow all patch releases of the runtime's Python, it does here: the plan was made for one of
    them, and Poetry would refuse to run with another one.

    Locked addresses with a login that belong to no listed source become sources. PyPI becomes a source if a package is
    locked from PyPI although another source replaces it. Lock files of Poetry 1 can have such packages, and Poetry 2
    would look for them on the other source.

    Returns:
        The user's text and None if nothing has to change.
    """
    replaced = Sources.of(files.pyproject).instead_of_pypi is not None
    from_pypi = replaced and any(package.source is None for package in plan.packages)
    project = parse_project(files.pyproject)
    names_patch = not allows_all_patches(project, plan.target)
    if not (from_pypi or names_patch or has_login(files.pyproject) or has_login(files.lock)):
        return files.pyproject, None
    document = _without_logins(parse_toml(files.pyproject))
    if names_patch:
        _allow_all_patches(document, project, plan.target)
    added = [{"name": source.name, "url": source.address.url, "priority": "explicit"} for source in unlisted]
    if from_pypi:
        added.append({"name": PYPI, "priority": "explicit"})
    if added:
        poetry = document.setdefault("tool", {}).setdefault("poetry", {})
        poetry["source"] = [*poetry.get("source", []), *added]
    text = tomli_w.dumps(document)
    after = parse_project(text)
    same_rule = parse_lockfile(files.lock).content_hash == project.content_hash
    return text, after.content_hash if same_rule else after.content_hash_without_groups


def _allow_all_patches(document: Any, project: Project, target: Target) -> None:
    """Let a TOML document allow all patch releases of the runtime's Python."""
    for path in project.python:
        *tables, key = path.split(".")
        reduce(lambda table, name: table[name], tables, document)[key] = f"=={target.runtime.removeprefix('python')}.*"


def _without_logins(value: Any) -> Any:
    """A TOML document without logins in http addresses."""
    if isinstance(value, dict):
        return {key: _without_logins(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_without_logins(entry) for entry in value]
    return without_logins(value) if isinstance(value, str) else value


def _unlisted_sources(plan: BuildPlan) -> Iterator[PackageSource]:
    """Sources for git repositories and files that are locked at an address with a login."""
    locked: Iterable[Any] = (package.source for package in plan.packages)
    addresses = {
        source.url: None for source in locked if source and source.type in {"git", "url"} and "://" in source.url
    }
    for number, url in enumerate(addresses):
        if has_login(url):
            yield PackageSource(_UNLISTED.format(number), Address.of(url), "explicit")
