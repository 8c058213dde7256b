"""Errors of ``poetry install`` that an index caused: which source, which package, and what to do.

The messages are those of the wheels builder, followed by Poetry's output. The patterns here match the output of
Poetry 2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import DownloadError, SubprocessError
from pulumi_poetry_layer.index.failures import Failure, index_error
from pulumi_poetry_layer.index.sources import PYPI, Address, PackageSource
from pulumi_poetry_layer.masking import mask_urls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_poetry_layer.builders.poetry.index_access import IndexAccess
    from pulumi_poetry_layer.plan.build_plan import BuildPlan, PlannedPackage

_NO_CONNECTION = re.compile(
    r"All attempts to connect to (?P<host>\S+) failed\.(?P<more>.*?)(?=All attempts|\Z)", re.DOTALL
)
_PATH = re.compile(r"The path requested was (?P<path>\S+?)\.?(?:\s|\Z)")
_STATUS = re.compile(r"\b(?P<status>401|403|404|410) Client Error[^\n]*? for url: (?P<url>\S+)")
_STATUSES = {"401": Failure.UNAUTHORIZED, "403": Failure.FORBIDDEN}
_OTHER_FILE = r"for (<b>)?{0}(</>)? did not match any known checksums|Hash for {0} from archive"
_NO_CANDIDATE = r"Unable to find installation candidates for {0}(?:(?!Unable to find).)*?\b0 candidate"


def explain_failure(error: SubprocessError, plan: BuildPlan, access: IndexAccess) -> SubprocessError:
    """The error of ``poetry install``, with the failures of indexes before Poetry's output.

    Args:
        error: the error, with Poetry's output.
        plan: what was to be installed.
        access: the sources and logins that Poetry had.

    Returns:
        ``error`` itself if no index failed.
    """
    output = _Output(error.what, plan, access)
    found = {problem.where: problem for problem in output.problems()}
    if not found:
        return error
    messages = "\n".join(f"{problem.where}: {problem.what}" for problem in found.values())
    hints = dict.fromkeys(problem.hint for problem in found.values() if problem.hint)
    return SubprocessError(f"{messages}\n\n{error.what}", hint="; ".join(hints))


class _Output:
    """The output of ``poetry install``."""

    def __init__(self, output: str, plan: BuildPlan, access: IndexAccess) -> None:
        self._output = output
        self._plan = plan
        self._access = access

    def problems(self) -> Iterator[DownloadError]:
        for package in self._plan.packages:
            source = self._source(package)
            if source and (failure := self._failure(package, source)):
                login = self._access.logins.get(source.name)
                yield index_error(failure, source, package.label, login=login)

    def _source(self, package: PlannedPackage) -> PackageSource | None:
        if package.source is None:
            return self._access.mirror or PackageSource(PYPI, Address(""))
        if package.source.type == "url":
            return self._access.sources.of_url(package.source.url)
        return self._access.sources.of_package(package.source) if package.source.type == "legacy" else None

    def _failure(self, package: PlannedPackage, source: PackageSource) -> Failure | None:
        label = rf"{re.escape(package.name)} \({re.escape(package.version)}\)"
        if re.search(_OTHER_FILE.format(label), self._output):
            return Failure.OTHER_CACHED_FILE
        if status := self._status(package):
            return _STATUSES.get(status, Failure.MISSING)
        if re.search(_NO_CANDIDATE.format(label), self._output, re.DOTALL):
            page = mask_urls(source.page(package.name))
            return Failure.REFUSED if f"Authorization error accessing {page}" in self._output else Failure.MISSING
        return self._connection(package, source)

    def _status(self, package: PlannedPackage) -> str | None:
        """The HTTP status of a failed request for the package."""
        file = package.file.name if package.file else f"/{package.name}/"
        for found in _STATUS.finditer(self._output):
            if f"/{package.name}/" in found["url"] or file in found["url"]:
                return found["status"]
        return None

    def _connection(self, package: PlannedPackage, source: PackageSource) -> Failure | None:
        """Why a connection to the index of the package failed."""
        for found in _NO_CONNECTION.finditer(self._output):
            match = _PATH.search(found["more"])
            path = match["path"] if match else ""
            file = package.file.name if package.file else ""
            if found["host"] != source.host or not (f"/{package.name}/" in path or (file and path.endswith(file))):
                continue
            if "verify failed" in found["more"] or "doesn't match" in found["more"]:
                return Failure.UNTRUSTED
            return Failure.HANDSHAKE if "SSLError" in found["more"] else Failure.UNREACHABLE
        return None
