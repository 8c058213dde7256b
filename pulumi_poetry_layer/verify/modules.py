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
_TOP_LEVEL = re.compile(LAYER_FOLDER + r"(?P<module>[^./]+)(\.py|(\.[^./]+)?\.so|/__init__\.py)")


def unloadable_modules(distribution: Distribution, target: Target) -> list[str]:
    """Names of the extension modules for another Python that have no other form beside them."""
    wanted = "{}{}".format(*target.python_version)
    found: dict[str, str] = {}
    for name in sorted(distribution.files):
        if (match := _VERSIONED.fullmatch(name)) and match["version"] != wanted:
            found.setdefault(match["module"], name)
    for name in distribution.files if found else ():
        if (match := _VERSIONED.fullmatch(name)) and match["version"] == wanted:
            found.pop(match["module"], None)
    return [
        name
        for module, name in found.items()
        if distribution.files.isdisjoint(f"{module}{suffix}" for suffix in _OTHER_FORMS)
    ]


def hidden_modules(distribution: Distribution, target: Target) -> Iterator[tuple[str, str]]:
    """Top-level modules that a function imports instead of those of the runtime: module, and its file.

    In ``sys.path``, ``/opt/python`` comes before the standard library and before the runtime client.
    """
    names = stdlib_module_names(target.runtime.removeprefix("python")) | RUNTIME_CLIENT
    for name in sorted(distribution.files):
        if (match := _TOP_LEVEL.fullmatch(name)) and match["module"] in names:
            yield match["module"], name
