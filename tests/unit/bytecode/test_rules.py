"""Which files are compiled, and the names of what they become."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.archive.record import source_of
from pulumi_poetry_layer.bytecode.rules import compiled_name, sources_of


@pytest.mark.parametrize(
    ("names", "compiled"),
    [
        (["app/__init__.py", "app/data.json", "app/x.pyi", "app/lib.so"], ["app/__init__.py"]),
        (["app/tests/test_a.py", "app/tests/helper.py", "app/tests/deep/x.py", "app/a.py"], ["app/a.py"]),
        (["tests/__init__.py", "tests/a_test.py", "test/conftest.py"], []),
        # Not tests, although the names look like it:
        (["django/test/client.py", "django/test/__init__.py"], ["django/test/__init__.py", "django/test/client.py"]),
        (["jinja2/tests.py", "numpy/testing/a.py", "app/test_data.py"], None),
        # The folder of one package does not decide for another one.
        (["app/tests/test_a.py", "app/other/tests/plain.py"], ["app/other/tests/plain.py"]),
        ([f"app/{'x' * 239}.py"], []),  # 255 bytes is the longest name of a file
        ([f"app/{'x' * 220}.py"], None),
    ],
)
def test_all_modules_but_those_of_tests_are_compiled(names: list[str], compiled: list[str] | None) -> None:
    """Otherwise a cold start compiles them each time, or half of the bytecode is that of tests."""
    expected = sorted(names) if compiled is None else compiled
    assert sources_of(f"python/{name}" for name in names) == [f"python/{name}" for name in expected]


def test_files_outside_of_site_packages_are_not_compiled() -> None:
    """No program on Lambda imports them."""
    assert sources_of(["bin/tool.py", "lib/x.py"]) == []


@pytest.mark.parametrize("source", ["python/six.py", "python/a/b.py", "python/a/b.c.py", "python/a/__pycache__/x.py"])
def test_name_of_a_compiled_module_leads_back_to_its_source(source: str) -> None:
    """Otherwise a compiled module stays in a layer without its source."""
    name = compiled_name(source, (3, 13))
    assert name.endswith(".cpython-313.pyc")
    assert source_of(name.encode()) == source.encode()
    assert source_of(source.encode()) is None
