"""The target of a layer: a Lambda runtime and an architecture, with their marker values and wheel tags.

Everything is derived from the two names and, if the user gives one, the patch release. Nothing depends on the host.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

from packaging.tags import compatible_tags, cpython_tags

from pulumi_poetry_layer.errors import PoetryLayerError, TargetError, raise_problems
from pulumi_poetry_layer.wording import place, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AMAZON_LINUX_2 = (2, 26)
"""glibc of Amazon Linux 2, the base of the runtimes up to python3.11."""

AMAZON_LINUX_2023 = (2, 34)
"""glibc of Amazon Linux 2023, the base of the runtimes from python3.12 on."""

NEWEST_PATCH: Mapping[str, str] = MappingProxyType(
    {
        "python3.9": "3.9.25",
        "python3.10": "3.10.22",
        "python3.11": "3.11.18",
        "python3.12": "3.12.16",
        "python3.13": "3.13.18",
        "python3.14": "3.14.10",
        "python3.15": "3.15.2",
    }
)
"""Runtime → its newest known patch release, which markers see as ``python_full_version`` unless the user gives another.

AWS updates managed runtimes to new patch releases automatically and does not say when, so a late one is the best guess:
``python_full_version < "3.11.3"`` is false. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html
``uv python list --all-versions --only-downloads`` lists the newest ones.
"""

DEPRECATED: Mapping[str, str] = MappingProxyType({"python3.9": "2025-12-15", "python3.10": "2026-10-31"})
"""Runtime → the day on which AWS deprecated it. Layers for it are built, with a warning.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html#runtimes-deprecated
"""

RuntimeName: TypeAlias = Literal[
    "python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14", "python3.15"
]
"""The names of the supported runtimes, for editors and type checkers."""

ArchitectureName: TypeAlias = Literal["x86_64", "arm64"]
"""The names of the architectures, for editors and type checkers."""

RUNTIMES = tuple(NEWEST_PATCH)
"""The supported runtimes. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"""

EXAMPLE_RUNTIME = "python3.13"
"""The runtime in messages that show how to set one."""

MACHINES: Mapping[str, str] = MappingProxyType({"x86_64": "x86_64", "arm64": "aarch64"})
"""Lambda architecture → its name in ``uname -m``, wheel tags and markers."""

_OLDEST_GLIBC_MINOR = {"x86_64": 5, "aarch64": 17}  # PEP 513 (manylinux1) and PEP 599 (manylinux2014)
_LEGACY_MANYLINUX = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}  # PEP 600, legacy aliases

# The kernel release that Lambda reports. Hardly any package has a marker on it.
_KERNEL_RELEASE = "5.10.0"


@dataclass(frozen=True)
class Target:
    """A Lambda runtime on an architecture.

    Attributes:
        runtime: a Lambda runtime identifier such as ``python3.12``.
        architecture: ``x86_64`` or ``arm64``.
        python_patch: the patch release of the runtime's Python, such as ``3.12.4``; None means the newest known one. It
            decides which markers are true, and nothing else.

    Raises:
        TargetError: the runtime or the architecture is not supported, or the patch release is not one of the runtime.
    """

    runtime: str
    architecture: str
    python_patch: str | None = None

    def __post_init__(self) -> None:
        raise_problems(_target_problems(self.runtime, self.architecture, self.python_patch))

    @property
    def python_full_version(self) -> str:
        """The full version of the interpreter, as markers see it."""
        return self.python_patch or NEWEST_PATCH[self.runtime]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the target, and does not stop the build."""
        if self.runtime not in DEPRECATED:
            return ()
        return (
            f"{self.runtime}: AWS deprecated this runtime on {DEPRECATED[self.runtime]}. It gets no security updates, "
            "and AWS will refuse new functions and later updates of functions with it "
            "(https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html)",
        )

    @cached_property
    def python_version(self) -> tuple[int, int]:
        """Major and minor version of the interpreter."""
        major, minor = self.runtime.removeprefix("python").split(".")
        return int(major), int(minor)

    @property
    def machine(self) -> str:
        """The name of the architecture in ``uname -m`` and wheel tags."""
        return MACHINES[self.architecture]

    @property
    def glibc(self) -> tuple[int, int]:
        """Version (major, minor) of glibc in the runtime's operating system."""
        return AMAZON_LINUX_2023 if self.python_version >= (3, 12) else AMAZON_LINUX_2

    @property
    def operating_system(self) -> str:
        """The operating system of the runtime, for messages."""
        return "Amazon Linux 2023" if self.python_version >= (3, 12) else "Amazon Linux 2"

    def __str__(self) -> str:
        return f"{self.runtime} on {self.architecture}"

    @cached_property
    def marker_environment(self) -> Mapping[str, str]:
        """Values of the environment markers on the target (PEP 508), without ``extra``."""
        full_version = self.python_full_version
        return MappingProxyType(
            {
                "implementation_name": "cpython",
                "implementation_version": full_version,
                "os_name": "posix",
                "platform_machine": self.machine,
                "platform_python_implementation": "CPython",
                "platform_release": _KERNEL_RELEASE,
                "platform_system": "Linux",
                "platform_version": "#1 SMP",
                "python_full_version": full_version,
                "python_version": self.runtime.removeprefix("python"),
                "sys_platform": "linux",
            }
        )

    @cached_property
    def platforms(self) -> tuple[str, ...]:
        """Platform tags that the target supports, best first (PEP 600, in the order of ``packaging.tags``)."""
        return tuple(_platform_tags(self.machine, self.glibc))

    @cached_property
    def tag_ranks(self) -> Mapping[tuple[str, str, str], int]:
        """(interpreter, ABI, platform) of each wheel tag that the target supports → its rank; 0 is the best."""
        interpreter = "cp{}{}".format(*self.python_version)
        tags = [
            *cpython_tags(self.python_version, [interpreter], self.platforms),
            *compatible_tags(self.python_version, interpreter, self.platforms),
        ]
        ranks: dict[tuple[str, str, str], int] = {}
        for tag in tags:
            ranks.setdefault((tag.interpreter, tag.abi, tag.platform), len(ranks))
        return MappingProxyType(ranks)


def is_patch_of(python_patch: str, runtime: str) -> bool:
    """Whether a version is a patch release of a runtime's Python, such as ``3.12.4`` of ``python3.12``."""
    minor, _, patch = python_patch.rpartition(".")
    return f"python{minor}" == runtime and re.fullmatch("[0-9]{1,3}", patch) is not None


def _target_problems(runtime: str, architecture: str, python_patch: str | None) -> Iterator[PoetryLayerError]:
    if runtime not in RUNTIMES:
        yield TargetError(f"unsupported runtime {runtime!r}", where=place("runtime"), hint=_runtime_hint(runtime))
    elif python_patch is not None and not is_patch_of(str(python_patch), runtime):
        yield TargetError(
            f"{python_patch!r} is not a patch release of {runtime}",
            where=place("python_patch"),
            hint=f"write the full version of the runtime's Python, such as {NEWEST_PATCH[runtime]!r}",
        )
    yield from architecture_problems(architecture)


def architecture_problems(architecture: str) -> Iterator[PoetryLayerError]:
    """Check the ``architecture`` argument."""
    if architecture not in MACHINES:
        yield TargetError(
            f"unsupported architecture {architecture!r}",
            where=place("architecture"),
            hint=_architecture_hint(architecture),
        )


def _runtime_hint(name: str) -> str:
    """The runtime that a name such as ``3.12``, ``py312`` or ``cp3.12`` means, and the supported ones."""
    supported = f"supported runtimes: {', '.join(RUNTIMES)}"
    version = re.fullmatch(r"(?:python|py|cp)?[-_ ]?3[._-]?(\d\d?)(?:\.\d+)?", str(name).lower())
    meant = f"python3.{version[1]}" if version else None
    return f"did you mean {meant!r}? {supported}" if meant in RUNTIMES else supported


_OTHER_NAMES = {"amd64": "x86_64", "x64": "x86_64", "x86-64": "x86_64", "aarch64": "arm64", "arm": "arm64"}
"""What others call an architecture → what AWS calls it."""


def _architecture_hint(name: str) -> str:
    supported = f"supported architectures: {', '.join(MACHINES)}"
    if meant := _OTHER_NAMES.get(str(name).lower()):
        return f"AWS calls it {meant!r}; {supported}"
    return suggestion(str(name), MACHINES, "supported architectures")


def _platform_tags(machine: str, glibc: tuple[int, int]) -> Iterator[str]:
    """The platform tags of the target: ``linux`` first, then manylinux from the newest glibc to the oldest."""
    major, newest = glibc
    yield f"linux_{machine}"
    for minor in range(newest, _OLDEST_GLIBC_MINOR[machine] - 1, -1):
        yield f"manylinux_{major}_{minor}_{machine}"
        if minor in _LEGACY_MANYLINUX:
            yield f"{_LEGACY_MANYLINUX[minor]}_{machine}"
