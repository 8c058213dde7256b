"""Modules that the interpreter of the target does not find, and modules that hide those of the runtime."""

from __future__ import annotations

import re
from functools import cache
from keyword import iskeyword
from typing import TYPE_CHECKING

from stdlibs import stdlib_module_names

from pulumi_poetry_layer.archive.members import LAYER_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulumi_poetry_layer.plan.target import Target
    from pulumi_poetry_layer.verify.layer_content import Distribution

RUNTIME_CLIENT = frozenset({"awslambdaric", "bootstrap", "lambda_runtime_marshaller", "runtime_client"})
"""Top-level modules of the runtime client: https://github.com/aws/aws-lambda-python-runtime-interface-client."""

_PACKAGE = re.compile(LAYER_FOLDER + r"(lib/python3\.\d+/site-packages/)?(?P<module>[^.]+)/__init__\.py")
_LOOSE = re.compile(
    LAYER_FOLDER + r"(lib/python3\.\d+/site-packages/)?"
    r"(?P<module>[^./]+)(\.py|\.abi3\.so|\.so|\.cpython-(?P<version>3\d+)[^/]*\.so)"
)
_VERSIONED = re.compile(r"(?P<module>.+)\.cpython-(?P<version>3\d+)[^./]*\.so")
_OTHER_FORMS = (".abi3.so", ".so", ".py", ".pyc", "/__init__.py")
_TOP_LEVEL_DEPTH = 2  # slashes in the path of a top-level package
_TOP_LEVEL = re.compile(LAYER_FOLDER + r"(?P<module>[^./]+)(\.py|(\.[^./]+)?\.so|/__init__\.py)")


def unloadable_modules(distribution: Distribution, target: Target) -> tuple[list[str], bool]:
    """The extension modules for another Python that have no other form beside them.

    Returns:
        The names of their files, sorted; and whether they are most of the distribution's extension modules, so that
        importing it fails.
    """
    wanted = "{}{}".format(*target.python_version)
    names: dict[str, str] = {}
    loadable: set[str] = set()
    for name in sorted(distribution.files):
        if ".so" in name and (match := _VERSIONED.fullmatch(name)):
            if match["version"] == wanted:
                loadable.add(match["module"])
            names.setdefault(match["module"], name)
    found = [
        name
        for module, name in names.items()
        if module not in loadable and distribution.files.isdisjoint(f"{module}{suffix}" for suffix in _OTHER_FORMS)
    ]
    return found, 2 * len(found) > len(names)


@cache
def _runtime_modules(runtime: str) -> frozenset[str]:
    """The top-level modules of a runtime; the same for every distribution."""
    return stdlib_module_names(runtime.removeprefix("python")) | RUNTIME_CLIENT


def hidden_modules(distribution: Distribution, target: Target) -> Iterator[tuple[str, str]]:
    """Top-level modules that a function imports instead of those of the runtime: module, and its file.

    In ``sys.path``, ``/opt/python`` comes before the standard library and before the runtime client.
    """
    names = _runtime_modules(target.runtime)
    for name in sorted(distribution.files):
        if name.count("/") <= _TOP_LEVEL_DEPTH and (match := _TOP_LEVEL.fullmatch(name)) and match["module"] in names:
            yield match["module"], name


def top_level_modules(distributions: Iterable[Distribution], target: Target) -> Iterator[tuple[Distribution, str]]:
    """The modules that a function imports first: a distribution, and the name of a package or module of it.

    In a namespace package, these are the packages in it, such as ``google.cloud.storage``.
    """
    found = [pair for distribution in distributions for pair in _modules_of(distribution, target)]
    names = {name for _, name in found}
    for distribution, name in sorted(found, key=lambda pair: pair[1]):
        parts = name.split(".")
        if names.isdisjoint(".".join(parts[:count]) for count in range(1, len(parts))):
            yield distribution, name


def _modules_of(distribution: Distribution, target: Target) -> Iterator[tuple[Distribution, str]]:
    wanted = "{}{}".format(*target.python_version)
    names = set()
    for file in distribution.files:
        package, module = _PACKAGE.fullmatch(file), _LOOSE.fullmatch(file)
        if package:
            names.add(package["module"].replace("/", "."))
        elif module and module["version"] in {None, wanted}:
            names.add(module["module"])
    return ((distribution, name) for name in names if _can_be_imported(name))


def _can_be_imported(name: str) -> bool:
    return all(part.isidentifier() and not iskeyword(part) for part in name.split("."))
