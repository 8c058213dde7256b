"""WheelBuilder: puts the locked wheels into the layer, for any target on any host, without Poetry, pip or Docker.

Wheels and layers are zip files, so the compressed files of a wheel are copied into the layer unchanged. A package
without a wheel for the target is built on this host, if the result is pure Python.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.builders.builder import given_credentials
from pulumi_poetry_layer.builders.compilation import refuse_compilation
from pulumi_poetry_layer.errors import (
    CacheError,
    DamagedSegmentError,
    VerificationError,
    raise_problems,
)
from pulumi_poetry_layer.host.build_log import warn
from pulumi_poetry_layer.host.cache import cache_folder, using_cache
from pulumi_poetry_layer.host.cleanup import temporary_folder
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity
from pulumi_poetry_layer.wheels.built_version import is_version_of
from pulumi_poetry_layer.wheels.cache import WheelCache, cache_key
from pulumi_poetry_layer.wheels.native import container_hint

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from pulumi_poetry_layer.archive.members import Segment
    from pulumi_poetry_layer.builders.builder import ProjectFiles
    from pulumi_poetry_layer.plan.build_plan import BuildPlan, PlannedPackage
    from pulumi_poetry_layer.wheels.cache import CachedWheel
    from pulumi_poetry_layer.wheels.stripped import Find


class WheelBuilder:
    """Builds from the locked wheels.

    Args:
        cache_dir: folder of the wheel cache. Default: ``wheels`` in the cache folder of this package.
        credentials: name of a source → user name and password. They take precedence over Poetry's configuration.

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
        """The kind only: no option changes the content of the layer."""
        return BuilderIdentity(kind="wheels")

    def options(self) -> Mapping[str, str]:
        """The constructor arguments that differ from their defaults, without the credentials."""
        return {"cache_dir": self.cache_dir} if self.cache_dir else {}

    @contextmanager
    def build(self, plan: BuildPlan, files: ProjectFiles) -> Iterator[Sequence[Segment]]:
        """Fetch the wheels that the cache does not have, and return one segment per package.

        Args:
            plan: what to build.
            files: the files that the plan was made from.

        Raises:
            DownloadError: an index cannot be reached, or a file is not the one that was locked.
            WheelError: a wheel is not valid.
            PackageFileError: a package has no wheel, and no pure wheel can be built from its source.
            VerificationError: a wheel is not the planned distribution, or was built for another Python.
            DamagedSegmentError: the block has found a damaged segment. All damaged segments are removed from the
                cache, so that the next build fetches them again.
        """
        refuse_compilation(plan)
        cache = WheelCache(Path(self.cache_dir) if self.cache_dir else cache_folder("wheels"))
        with using_cache(), ExitStack() as stack:
            cache.remove_leftovers()
            wheels = _wheels(plan, cache, files, self.credentials, stack)
            _check(plan, wheels)
            segments = [wheel.segment for wheel in wheels]
            try:
                yield segments
            except DamagedSegmentError as error:
                warn(f"{error.path} is damaged: it is removed, and its wheel is fetched again")
                cache.remove_damaged(segments)
                raise


def _wheels(
    plan: BuildPlan, cache: WheelCache, files: ProjectFiles, given: Mapping[str, tuple[str, str]], stack: ExitStack
) -> list[CachedWheel]:
    """The wheels of the plan, in its order. Those that the cache cannot store exist until the stack is closed."""

    def plain(packages: Sequence[PlannedPackage]) -> dict[str, CachedWheel]:
        return _plain_wheels(packages, cache, files, given, stack)

    def stripped(packages: Sequence[PlannedPackage], kinds: Collection[str]) -> dict[str, CachedWheel]:
        return _stripped_wheels(packages, kinds, cache, plain, stack) if kinds else plain(packages)

    def compiled(packages: Sequence[PlannedPackage], kinds: Collection[str]) -> dict[str, CachedWheel]:
        return (
            _compiled_wheels(packages, plan, kinds, cache, stripped, stack)
            if plan.bytecode
            else stripped(packages, kinds)
        )

    if plan.strip:
        from pulumi_poetry_layer.wheels.stripped import find_stripped  # most layers are whole

        found = find_stripped(plan.packages, plan.strip, compiled)
    else:
        found = compiled(plan.packages, ())
    return [found[package.name] for package in plan.packages]


def _stripped_wheels(
    packages: Sequence[PlannedPackage],
    kinds: Collection[str],
    cache: WheelCache,
    find_plain: Callable[[Sequence[PlannedPackage]], dict[str, CachedWheel]],
    stack: ExitStack,
) -> dict[str, CachedWheel]:
    """The wheels of packages without files of some kinds, by package name."""
    from pulumi_poetry_layer.wheels.stripped import add_stripped, base_key  # most layers are whole

    def add(missing: Sequence[PlannedPackage], usable: WheelCache) -> None:
        plain = find_plain(missing)
        add_stripped([(package, plain[package.name]) for package in missing], usable, kinds)

    return _kept({package: base_key(package, kinds) for package in packages}, cache, add, stack)


def _compiled_wheels(
    packages: Sequence[PlannedPackage],
    plan: BuildPlan,
    kinds: Collection[str],
    cache: WheelCache,
    find_others: Find,
    stack: ExitStack,
) -> dict[str, CachedWheel]:
    """The wheels of packages with compiled modules and without files of some kinds, by package name."""
    from pulumi_poetry_layer.bytecode.compiler import find_compiler  # most layers have no bytecode
    from pulumi_poetry_layer.wheels.compiled import add_compiled, compiled_key
    from pulumi_poetry_layer.wheels.stripped import base_key

    compiler = find_compiler(plan.bytecode or "")

    def add(missing: Sequence[PlannedPackage], usable: WheelCache) -> None:
        others = find_others(missing, kinds)
        wheels = [(base_key(package, kinds), others[package.name]) for package in missing]
        add_compiled(wheels, usable, compiler, plan.target.python_version)

    keys = {package: compiled_key(base_key(package, kinds), compiler.release) for package in packages}
    return _kept(keys, cache, add, stack)


def _plain_wheels(
    packages: Sequence[PlannedPackage],
    cache: WheelCache,
    files: ProjectFiles,
    given: Mapping[str, tuple[str, str]],
    stack: ExitStack,
) -> dict[str, CachedWheel]:
    """The wheels of packages, by package name."""

    def add(missing: Sequence[PlannedPackage], usable: WheelCache) -> None:
        # Imported here, because a build with a warm cache does not need the network.
        from pulumi_poetry_layer.index.credentials import Credentials
        from pulumi_poetry_layer.index.sources import Sources
        from pulumi_poetry_layer.wheels.fetch import add_wheels

        credentials = Credentials.of_host(files.folder, given)
        add_wheels(missing, usable, files.folder, Sources.of(files.pyproject), credentials)

    return _kept({package: cache_key(package) for package in packages}, cache, add, stack)


def _kept(
    keys: Mapping[PlannedPackage, str],
    cache: WheelCache,
    add: Callable[[Sequence[PlannedPackage], WheelCache], None],
    stack: ExitStack,
) -> dict[str, CachedWheel]:
    """The wheels of packages, by package name, from the cache; those that it does not have are added first.

    Args:
        keys: package → key of its wheel in the cache.
        cache: the wheel cache.
        add: adds the wheels of some packages to a cache.
        stack: closes the temporary cache, if the wheel cache cannot store anything.
    """
    found = _cached(keys, cache)
    if missing := [package for package in keys if package.name not in found]:
        usable = _usable(cache, stack)
        add(missing, usable)
        found |= _cached({package: keys[package] for package in missing}, usable)
    _refuse_missing(keys, found)
    return found


def _usable(cache: WheelCache, stack: ExitStack) -> WheelCache:
    """The cache if something can be added to it, or a temporary one."""
    if (problem := cache.problem()) is None:
        return cache
    warn(f"the wheel cache cannot be used, so this build keeps nothing: {problem}")
    return WheelCache(stack.enter_context(temporary_folder()))


def _refuse_missing(packages: Iterable[PlannedPackage], found: Mapping[str, CachedWheel]) -> None:
    raise_problems(
        CacheError("was added to the wheel cache, but cannot be read there", where=package.label)
        for package in packages
        if package.name not in found
    )


def _check(plan: BuildPlan, wheels: Sequence[CachedWheel]) -> None:
    """Refuse wheels that are not the planned ones, and warn of what is wrong with them."""
    raise_problems(problem for pair in zip(plan.packages, wheels, strict=True) for problem in _problems(*pair, plan))
    for package, wheel in zip(plan.packages, wheels, strict=True):
        for warning in wheel.warnings(package):
            warn(warning)


def _cached(keys: Mapping[PlannedPackage, str], cache: WheelCache) -> dict[str, CachedWheel]:
    """The wheels that the cache has, by package name."""
    found = {package.name: cache.find(key, package.name) for package, key in keys.items()}
    return {name: wheel for name, wheel in found.items() if wheel is not None}


def _problems(package: PlannedPackage, wheel: CachedWheel, plan: BuildPlan) -> Iterator[VerificationError]:
    """Errors for a wheel that is not the planned distribution, or that was built for another Python."""
    where = package.file.name if package.file else package.label
    if wheel.name != package.name or not is_version_of(package, wheel.version):
        yield VerificationError(f"contains {wheel.name} {wheel.version} instead of {package.label}", where=where)
    tags = {(interpreter, "none", "any") for interpreter in wheel.interpreters}
    if tags and tags.isdisjoint({*plan.target.tag_ranks, ("py2", "none", "any")}):
        yield VerificationError(
            f"the wheel that was built from its source is for {', '.join(sorted(wheel.interpreters))}, "
            f"not for {plan.target.runtime}",
            where=where,
            hint=container_hint(),
        )
