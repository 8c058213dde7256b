"""Indexes that need a login, found without a download."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import LoginError, PoetryLayerError
from pulumi_poetry_layer.index.access import Indexes
from pulumi_poetry_layer.index.client import Downloader
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.limits import Limits
from pulumi_poetry_layer.index.sources import Sources
from pulumi_poetry_layer.layer.completion import complete_values
from pulumi_poetry_layer.layer.request import read_lock, read_pyproject
from pulumi_poetry_layer.poetry.layer_defaults import read_layer_defaults
from pulumi_poetry_layer.poetry.lockfile import parse_lockfile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulumi_poetry_layer.layer.request import GivenArguments
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage

_SECONDS = 5.0
"""How long all indexes may take. One that is down is reported by the build."""


def login_problems(given: GivenArguments) -> list[LoginError]:
    """An error for each index of the project that needs a login, or refuses the one of this user.

    Each index is asked for the page of one package. This is for a command that fails anyway, so that its user learns of
    a missing login at the same time. Whatever else is wrong is not reported.

    Args:
        given: the arguments of a layer, which may be wrong.
    """
    try:
        return list(_refusals(given))
    except PoetryLayerError:
        return []


def _refusals(given: GivenArguments) -> Iterator[LoginError]:
    pyproject = read_pyproject(given.project_dir)
    groups = frozenset(complete_values(given, read_layer_defaults(pyproject)[0])["groups"])
    packages = [package for package in parse_lockfile(read_lock(given.project_dir)).packages if package.groups & groups]
    credentials = Credentials.of_host(given.project_dir, getattr(given.builder, "credentials", {}))
    indexes = Indexes(Sources.of(pyproject), credentials)
    limits = replace(Limits.of(indexes.variables), silence=_SECONDS, total=_SECONDS, attempts=1)
    downloader = Downloader(indexes, limits=limits)
    for package in _one_of_each_source(packages):
        try:
            downloader.find(package.label, package.name, package.files[0], package.source)
        except LoginError as error:
            yield error
        except PoetryLayerError:
            continue


def _one_of_each_source(packages: Iterable[LockedPackage]) -> Iterable[LockedPackage]:
    """A package from each index that the project lists. PyPI needs no login."""
    found: dict[str, LockedPackage] = {}
    for package in packages:
        if package.source and package.source.type == "legacy" and package.files:
            found.setdefault(package.source.url, package)
    return found.values()
