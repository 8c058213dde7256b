"""WheelBuilder: locked wheels straight into a layer, for any target on any host, without Poetry, pip or Docker.

Wheels are zip files whose members are already compressed, and a layer is a zip file: what a wheel brings is copied
into the layer as it is. What has no wheel for the target is built here if the result is pure Python.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from pulumi_poetry_layer.builders import given_credentials
from pulumi_poetry_layer.errors import DamagedSegmentError, PackageFileError, VerificationError, raise_problems
from pulumi_poetry_layer.host.cache import cache_folder
from pulumi_poetry_layer.names import is_wheel
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity
from pulumi_poetry_layer.wheels.cache import WheelCache, cache_key
from pulumi_poetry_layer.wheels.native import MACHINE_NUMBERS, glibc_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pulumi_poetry_layer.archive.members import Segment
    from pulumi_poetry_layer.builders import ProjectFiles
    from pulumi_poetry_layer.plan.build_plan import BuildPlan, PlannedPackage
    from pulumi_poetry_layer.wheels.cache import CachedWheel

_CONTAINER_HINT = "use the container builder, which builds it inside the build image of the runtime"


class WheelBuilder:
    """Builds from the locked wheels.

    Args:
        cache_dir: folder of the wheel cache; default: ``wheels`` in this package's cache folder.
        credentials: name of a source → user name and password; they go before what Poetry is configured with.

    Raises:
        InputError: the credentials are not pairs of strings.
    """

    def __init__(
        self, *, cache_dir: str | None = None, credentials: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        self.cache_dir = cache_dir
        self.credentials = given_credentials(credentials)

    @property
    def identity(self) -> BuilderIdentity:
        """The kind alone."""
        return BuilderIdentity(kind="wheels")

    def options(self) -> Mapping[str, str]:
        """The constructor's arguments but credentials, which are never written anywhere."""
        return {"cache_dir": self.cache_dir} if self.cache_dir else {}

    @contextmanager
    def build(self, plan: BuildPlan, files: ProjectFiles) -> Iterator[Sequence[Segment]]:
        """Fetch what the cache lacks and hand over one segment per package.

        Raises:
            DownloadError: an index cannot be reached, or sends something other than what was locked.
            WheelError: a wheel is not sound.
            PackageFileError: a package has no wheel, and cannot be built into a pure one here.
            VerificationError: a wheel's native libraries are for another processor.
        """
        raise_problems(_to_be_compiled(plan))
        cache = WheelCache(Path(self.cache_dir) if self.cache_dir else cache_folder("wheels"))
        wheels = _wheels(plan, cache, files, self.credentials)
        try:
            yield [wheel.segment for wheel in wheels]
        except DamagedSegmentError as error:
            cache.remove(error.path)
            raise


def _to_be_compiled(plan: BuildPlan) -> Iterator[PackageFileError]:
    """The packages that would have to be compiled: found out before minutes go into compiling them for this host."""
    for package in plan.packages:
        if package.file and package.is_native and not is_wheel(package.file.name):
            glibc = ".".join(map(str, plan.target.glibc))
            yield PackageFileError(
                f"has wheels, but none for {plan.target} ({plan.target.operating_system}, glibc {glibc}), "
                f"and its sdist has to be compiled",
                where=package.label,
                hint=f"{_CONTAINER_HINT}; or lock a {package.name} that has a wheel, or choose another runtime",
            )


def _wheels(
    plan: BuildPlan, cache: WheelCache, files: ProjectFiles, given: Mapping[str, tuple[str, str]]
) -> list[CachedWheel]:
    """The plan's wheels, in its order."""
    found = {package.name: cache.find(cache_key(package), package.name) for package in plan.packages}
    missing = [package for package in plan.packages if found[package.name] is None]
    if missing:
        # Imported here: with a warm cache nothing of the network is needed.
        from pulumi_poetry_layer.index.credentials import Credentials
        from pulumi_poetry_layer.index.sources import Sources
        from pulumi_poetry_layer.wheels.fetch import add_wheels

        credentials = Credentials.of_host(files.folder, given)
        add_wheels(missing, cache, files.folder, Sources.of(files.pyproject), credentials)
        found |= {package.name: cache.find(cache_key(package), package.name) for package in missing}
    wheels = [wheel for wheel in found.values() if wheel is not None]
    raise_problems(problem for pair in zip(plan.packages, wheels, strict=True) for problem in _problems(*pair, plan))
    return wheels


def _problems(package: PlannedPackage, wheel: CachedWheel, plan: BuildPlan) -> Iterator[VerificationError]:
    """Why a wheel is not what was planned."""
    where = package.file.name if package.file else package.label
    if wheel.name != package.name or not _same_version(wheel.version, package.version):
        yield VerificationError(f"holds {wheel.name} {wheel.version}, {package.label} was planned", where=where)
    machine = MACHINE_NUMBERS[plan.target.machine]
    if problem := glibc_problem(wheel.glibc.get(machine, ()), plan.target):
        older = f"manylinux_{'_'.join(map(str, plan.target.glibc))} or older"
        yield VerificationError(problem, where=where, hint=f"lock a wheel for {older} in place of one for linux")
    if wheel.machines and machine not in wheel.machines:
        yield VerificationError(
            f"has native libraries, none of them for {plan.target.machine}",
            where=where,
            hint="build it with the container builder, inside the build image of the runtime",
        )


def _same_version(first: str, second: str) -> bool:
    if first == second:
        return True
    try:
        return Version(first) == Version(second)
    except InvalidVersion:
        return False
