"""All checks of a layer, and what they found."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import VerificationError
from pulumi_poetry_layer.verify.libraries import UNCERTAIN, Libraries, is_extension_module
from pulumi_poetry_layer.verify.modules import hidden_modules, unloadable_modules
from pulumi_poetry_layer.verify.requirements import unmet_requirements
from pulumi_poetry_layer.wheels.native import MACHINE_NUMBERS, container_hint, is_library

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pulumi_poetry_layer.plan.target import Target
    from pulumi_poetry_layer.verify.layer_content import Distribution
    from pulumi_poetry_layer.wheels.native import NativeFile

_LIBRARY_HINT = (
    "depend on a distribution that contains the library, exclude {name}, or put the library into lib/ of another layer "
    "of the function and list it in system_libraries"
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something in a layer that does not work on its Lambda, or may not.

    Attributes:
        package: name and version of the distribution.
        file: the path of a file in the layer, and how many more; None if it is about the whole distribution.
        problem: what is wrong.
        hint: what to do.
        is_error: whether importing the distribution fails. Otherwise only a part of it may not work.
    """

    package: str
    file: str | None
    problem: str
    hint: str
    is_error: bool

    @property
    def where(self) -> str:
        """The place, for messages."""
        return f"{self.package}: {self.file}" if self.file else self.package

    def error(self) -> VerificationError:
        """The finding as an error."""
        return VerificationError(self.problem, where=self.where, hint=self.hint)

    def document(self) -> dict[str, str | None]:
        """The finding as ``verify --json`` prints it."""
        return {
            "severity": "error" if self.is_error else "warning",
            "package": self.package,
            "file": self.file,
            "problem": self.problem,
            "hint": self.hint,
        }

    def __str__(self) -> str:
        return f"{self.where}: {self.problem} ({self.hint})"


def find_problems(
    distributions: Sequence[Distribution],
    target: Target,
    *,
    excluded: Collection[str] = (),
    system_libraries: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Check the distributions of a layer.

    Args:
        distributions: the distributions.
        target: the target.
        excluded: normalized names of the distributions that the user has left out.
        system_libraries: further shared libraries that the function has, for example from another layer.
    """
    return tuple(
        chain(
            native_problems(distributions, target, system_libraries),
            *(_hiding_problems(distribution, target) for distribution in distributions),
            _requirement_problems(distributions, target, excluded),
        )
    )


def native_problems(
    distributions: Sequence[Distribution], target: Target, system_libraries: Collection[str] = ()
) -> Iterator[Finding]:
    """Check the native files of a layer alone. The arguments are those of :func:`find_problems`."""
    libraries = Libraries(distributions, target, system_libraries)
    return chain(
        *(_machine_problems(distribution, target) for distribution in distributions),
        *(_library_problems(distribution, libraries, target) for distribution in distributions),
        *(_module_problems(distribution, target) for distribution in distributions),
    )


def _machine_problems(distribution: Distribution, target: Target) -> Iterator[Finding]:
    machines = {native.needs.machine for native in distribution.natives if is_library(native.name)}
    if machines and MACHINE_NUMBERS[target.machine] not in machines:
        yield Finding(
            package=distribution.label,
            file=None,
            problem=f"has native libraries, but none for {target.machine}",
            hint=container_hint(),
            is_error=True,
        )


def _library_problems(distribution: Distribution, libraries: Libraries, target: Target) -> Iterator[Finding]:
    """What the loader does not find. It is an error if most modules of the distribution do not load.

    Many distributions have some modules for optional parts, and plugins that a function never loads.
    """
    natives = libraries.of(distribution)
    loaded = [native for native in natives if is_extension_module(native.name)]
    loaded = loaded or [native for native in natives if is_library(native.name)]
    fails = 2 * sum(not libraries.loads(native) for native in loaded) > len(loaded)
    on_import = {native.name for native in libraries.with_libraries(loaded)}
    for is_error, files in (
        (fails, [native for native in natives if native.name in on_import]),
        (False, [native for native in natives if native.name not in on_import]),
    ):
        if too_new := [native for native in files if libraries.is_too_new(native)]:
            yield _glibc_problem(distribution, too_new, target, is_error=is_error)
        if incomplete := [native for native in files if libraries.missing(native)]:
            missing = set().union(*map(libraries.missing, incomplete))
            yield Finding(
                package=distribution.label,
                file=_names(native.name for native in incomplete),
                problem=f"needs {', '.join(sorted(missing))}, which neither the layer nor {target.runtime} has",
                hint=_LIBRARY_HINT.format(name=distribution.name),
                is_error=is_error and not missing <= UNCERTAIN,
            )


def _glibc_problem(
    distribution: Distribution, natives: Sequence[NativeFile], target: Target, *, is_error: bool
) -> Finding:
    needed = ".".join(map(str, max(native.needs.glibc for native in natives)))
    has = ".".join(map(str, target.glibc))
    return Finding(
        package=distribution.label,
        file=_names(native.name for native in natives),
        problem=f"needs glibc {needed}, but {target} has glibc {has} ({target.operating_system})",
        hint=f"lock a version with a wheel for manylinux_{has.replace('.', '_')} or older, or {container_hint()}",
        is_error=is_error,
    )


def _names(names: Iterable[str]) -> str:
    first, *others = sorted(names)
    return f"{first} and {len(others)} more" if others else first


def _module_problems(distribution: Distribution, target: Target) -> Iterator[Finding]:
    names, fails = unloadable_modules(distribution, target)
    if names:
        yield Finding(
            package=distribution.label,
            file=_names(names),
            problem=f"is for another Python, and there is no such module for {target.runtime} beside it",
            hint=f"lock a version with a wheel for {target.runtime}",
            is_error=fails,
        )


def _hiding_problems(distribution: Distribution, target: Target) -> Iterator[Finding]:
    for module, name in hidden_modules(distribution, target):
        yield Finding(
            package=distribution.label,
            file=name,
            problem=f"hides the module {module} of {target.runtime}",
            hint=f"exclude {distribution.name}, if nothing needs it there",
            is_error=False,
        )


def _requirement_problems(
    distributions: Sequence[Distribution], target: Target, excluded: Collection[str]
) -> Iterator[Finding]:
    for distribution, name in unmet_requirements(distributions, target):
        is_excluded = name in excluded
        yield Finding(
            package=distribution.label,
            file=None,
            problem=f"needs {name}, which is excluded"
            if is_excluded
            else f"needs {name}, which the layer does not have",
            hint=f"do not exclude {name}, unless the function or another layer has it"
            if is_excluded
            else "run `poetry lock`, unless the function or another layer has it",
            is_error=False,
        )
