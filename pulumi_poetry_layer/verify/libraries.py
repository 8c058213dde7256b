"""Shared libraries that the native files of a layer need.

The loader of the target looks for a library in the layer and in the operating system of the runtime. Lambda's execution
environment has fewer libraries than the build image of the same runtime, so a package that was built and tested in the
image may not load: https://github.com/developmentseed/titiler/discussions/1108.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import LIBRARY_FOLDER, PROGRAM_FOLDER
from pulumi_poetry_layer.wheels.native import MACHINE_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pulumi_poetry_layer.plan.target import Target
    from pulumi_poetry_layer.verify.layer_content import Distribution
    from pulumi_poetry_layer.wheels.native import NativeFile

_GLIBC = frozenset(
    {
        "ld-linux-aarch64.so.1",
        "ld-linux-x86-64.so.2",
        "libBrokenLocale.so.1",
        "libanl.so.1",
        "libc.so.6",
        "libdl.so.2",
        "libm.so.6",
        "libmvec.so.1",
        "libnss_compat.so.2",
        "libnss_dns.so.2",
        "libnss_files.so.2",
        "libpthread.so.0",
        "libresolv.so.2",
        "librt.so.1",
        "libthread_db.so.1",
        "libutil.so.1",
    }
)
"""The libraries of glibc 2.26 and 2.34 (``make install`` of https://sourceware.org/glibc/)."""

_OF_SYSTEM = _GLIBC | {"libgcc_s.so.1", "libstdc++.so.6", "libz.so.1"}
"""What AWS's Python runtime itself is linked to. Other libraries of the PEP 600 policies, such as libX11 and libGL, are
not in Lambda."""

UNCERTAIN = frozenset(
    {
        *("libssl.so.3", "libcrypto.so.3", "libssl.so.1.1", "libcrypto.so.1.1", "libssl.so.10", "libcrypto.so.10"),
        *("libffi.so.6", "libffi.so.8", "libbz2.so.1", "liblzma.so.5", "libsqlite3.so.0", "libcrypt.so.1"),
        *("libcrypt.so.2", "libuuid.so.1"),
    }
)
"""Libraries that modules of the standard library need. A runtime has one release of each, and AWS may change it."""

_MODULE = re.compile(r"[^.]+\.(abi3|cpython-3\d+[^./]*)\.so")


def system_libraries(target: Target) -> frozenset[str]:
    """The names of the shared libraries that every Lambda of the target has."""
    return _OF_SYSTEM | {f"libpython{'{}.{}'.format(*target.python_version)}.so.1.0", "libpython3.so"}


class Libraries:
    """The native files of a layer for the machine of the target, and the libraries that they find there.

    Args:
        distributions: the distributions in the layer.
        target: the target.
        provided: further libraries that are there, for example in another layer of the function.
    """

    def __init__(self, distributions: Iterable[Distribution], target: Target, provided: Collection[str] = ()) -> None:
        self._target = target
        self._found = {*provided, *system_libraries(target)}
        self._by_file_name: dict[str, list[NativeFile]] = {}
        for distribution in distributions:
            self._found.update(map(posixpath.basename, distribution.files))
            for native in self.of(distribution):
                self._by_file_name.setdefault(posixpath.basename(native.name), []).append(native)

    def of(self, distribution: Distribution) -> list[NativeFile]:
        """The native files of a distribution for the machine of the target."""
        machine = MACHINE_NUMBERS[self._target.machine]
        return [native for native in distribution.natives if native.needs.machine == machine]

    def missing(self, native: NativeFile) -> set[str]:
        """The libraries that a file is linked to and that are nowhere."""
        return set(native.needs.libraries) - self._found

    def is_too_new(self, native: NativeFile) -> bool:
        """Whether a file needs a newer glibc than the target has."""
        return native.needs.glibc > self._target.glibc

    def loads(self, native: NativeFile) -> bool:
        """Whether the loader finds all that a file needs. Libraries that are uncertain count as found."""
        return not any(
            self.is_too_new(file) or self.missing(file) - UNCERTAIN for file in self.with_libraries([native])
        )

    def with_libraries(self, natives: Iterable[NativeFile]) -> list[NativeFile]:
        """Files, and the libraries of the layer that they need, directly or through others."""
        found = {native.name: native for native in natives}
        waiting = list(found.values())
        while waiting:
            for name in waiting.pop().needs.libraries:
                for library in self._by_file_name.get(name, ()):
                    if library.name not in found:
                        found[library.name] = library
                        waiting.append(library)
        return list(found.values())


def is_extension_module(name: str) -> bool:
    """Whether the name of a native file is that of a module, so that ``import`` loads it."""
    if name.startswith((LIBRARY_FOLDER, PROGRAM_FOLDER)):
        return False
    base = posixpath.basename(name)
    if _MODULE.fullmatch(base):
        return True
    stem, _, suffix = base.partition(".")
    return suffix == "so" and stem.isidentifier() and not stem.startswith("lib")
