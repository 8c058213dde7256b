"""Modules that the interpreter of the target does not find, and modules that hide those of the runtime."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stdlibs import stdlib_module_names

from pulumi_poetry_layer.archive.members import LAYER_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_poetry_layer.plan.target import Target
    from pulumi_poetry_layer.verify.layer_content import Distribution

RUNTIME_CLIENT = frozenset({"awslambdaric", "bootstrap", "lambda_runtime_marshaller", "runtime_client"})
"""Top-level modules of the runtime client: https://github.com/aws/aws-lambda-python-runtime-interface-client."""

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


def hidden_modules(distribution: Distribution, target: Target) -> Iterator[tuple[str, str]]:
    """Top-level modules that a function imports instead of those of the runtime: module, and its file.

    In ``sys.path``, ``/opt/python`` comes before the standard library and before the runtime client.
    """
    names = stdlib_module_names(target.runtime.removeprefix("python")) | RUNTIME_CLIENT
    for name in sorted(distribution.files):
        if name.count("/") <= _TOP_LEVEL_DEPTH and (match := _TOP_LEVEL.fullmatch(name)) and match["module"] in names:
            yield match["module"], name
