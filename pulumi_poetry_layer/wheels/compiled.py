"""Wheels with compiled modules: the cache has them under keys of their own, beside the wheels without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import deflate

from pulumi_poetry_layer.bytecode.layer_files import add_bytecode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_poetry_layer.archive.members import Member
    from pulumi_poetry_layer.bytecode.compiler import Compiler
    from pulumi_poetry_layer.wheels.cache import CachedWheel, WheelCache


def compiled_key(key: str, release: str) -> str:
    """The key of a wheel with compiled modules.

    Args:
        key: the key of the wheel without them.
        release: the Python that has compiled them, such as ``3.13.2``; another one gives other bytes.
    """
    return f"compiled by {release}, compressed by libdeflate {deflate.__version__}: {key}"


def add_compiled(
    wheels: Sequence[tuple[str, CachedWheel]], cache: WheelCache, compiler: Compiler, python_version: tuple[int, int]
) -> None:
    """Compile the modules of wheels, and store the wheels with them.

    Args:
        wheels: key and wheel, of wheels without compiled modules.
        cache: the cache.
        compiler: the Python that compiles.
        python_version: its major and minor version.

    Raises:
        DamagedSegmentError: a wheel in the cache is damaged; it is removed.
        BuildError: the compiler failed.
    """
    members: list[Member] = []
    for _, wheel in wheels:
        members += cache.checked_members(wheel)
    with cache.workspace() as folder:
        compiled: dict[str, list[Member]] = {}
        for member in add_bytecode(members, compiler, python_version, folder):
            compiled.setdefault(member.distribution, []).append(member)
        for key, wheel in wheels:
            own = compiled[wheel.segment.distribution]
            cache.add_compiled(compiled_key(key, compiler.release), wheel, own, compiler.release)
