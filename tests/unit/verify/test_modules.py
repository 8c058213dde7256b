"""The modules of a layer that a function imports first."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.verify.layer_content import Distribution
from pulumi_poetry_layer.verify.modules import top_level_modules

TARGET = Target("python3.13", "x86_64")


def distribution(name: str, *files: str) -> Distribution:
    """A distribution with these files."""
    return Distribution(
        name=name, version="1", platforms=frozenset(), requirements=(), files=frozenset(files), natives=()
    )


@pytest.mark.parametrize(
    ("files", "modules"),
    [
        (["python/six.py"], ["six"]),
        (["python/yaml/__init__.py", "python/yaml/loader.py", "python/yaml/sub/__init__.py"], ["yaml"]),
        (
            ["python/google/cloud/storage/__init__.py", "python/google/cloud/storage/v1/__init__.py"],
            ["google.cloud.storage"],
        ),
        (["python/lib/python3.13/site-packages/six.py"], ["six"]),
        (
            ["python/_cffi_backend.cpython-313-x86_64-linux-gnu.so", "python/a.abi3.so", "python/b.so"],
            ["_cffi_backend", "a", "b"],
        ),
        (["python/a.cpython-312-x86_64-linux-gnu.so"], []),
        (["python/demo.libs/libz.so.1", "python/demo-1.dist-info/METADATA", "python/data/a.json", "lib/libx.so"], []),
        (["python/docs/conf.py", "python/not-a-name.py", "python/class.py", "python/a.b/__init__.py"], []),
    ],
)
def test_top_level_modules(files: list[str], modules: list[str]) -> None:
    """A module that is not imported is not checked, and one that nobody can import is a wrong finding."""
    assert [module for _, module in top_level_modules([distribution("demo", *files)], TARGET)] == modules


def test_module_belongs_to_its_distribution() -> None:
    """The user would exclude another distribution."""
    found = top_level_modules([distribution("b", "python/b.py"), distribution("a", "python/c.py")], TARGET)
    assert [(owner.name, module) for owner, module in found] == [("b", "b"), ("a", "c")]
