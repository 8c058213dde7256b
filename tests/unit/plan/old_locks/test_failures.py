"""Tests of the message that says why the locked packages do not fit together."""

from __future__ import annotations

import pytest
from samples import Package

from pulumi_poetry_layer.errors import LockFileError
from pulumi_poetry_layer.plan.old_locks.failures import no_solution
from pulumi_poetry_layer.plan.old_locks.requirements import Node
from pulumi_poetry_layer.plan.old_locks.version_solver import solve

from .made import locked_packages


@pytest.mark.parametrize(
    ("dependencies", "packages", "message"),
    [
        ('a = "^2"\n', [Package(name="a")], "pyproject.toml needs a (^2); a is locked in version 1.0 only"),
        ('b = "*"\n', [Package(name="a")], "pyproject.toml needs b (*); no b is locked"),
        (
            'a = "^3"\n',
            [Package(name="a", version="1.0"), Package(name="a", version="2.0")],
            "pyproject.toml needs a (^3); a is locked in version 2.0 and 1.0 only",
        ),
        (
            'a = "*"\nb = "*"\n',
            [
                Package(name="a", dependencies={"c": "<2"}),
                Package(name="b", dependencies={"c": ">=2"}),
                Package(name="c", version="1.0"),
                Package(name="c", version="2.0"),
            ],
            "pyproject.toml needs a (*); pyproject.toml needs b (*); a 1.0 needs c (<2); b 1.0 needs c (>=2)",
        ),
        (
            'a = "*"\n',
            [Package(name="a", python=">=3.13")],
            "pyproject.toml needs a (*); a 1.0 needs Python >=3.13",
        ),
        (
            'a = { version = "*", extras = ["x"] }\n',
            [
                Package(
                    name="a",
                    dependencies={"b": {"version": ">=2", "optional": True, "markers": 'extra == "x"'}},
                    extras={"x": ["b"]},
                ),
                Package(name="b"),
            ],
            "pyproject.toml needs a[x] (*); a[x] 1.0 needs b (>=2); b is locked in version 1.0 only",
        ),
    ],
)
def test_message_names_the_packages_and_constraints_that_clash(
    dependencies: str, packages: list[Package], message: str
) -> None:
    """A user would have to search a lock file of thousands of lines for the two lines that clash."""
    with pytest.raises(LockFileError) as raised:
        solve(locked_packages(dependencies, packages))

    assert message in str(raised.value)
    assert "run `poetry lock` with Poetry 2" in str(raised.value)


def test_package_that_needs_itself_is_named() -> None:
    """The message would give no reason."""
    error = no_solution([], locked_packages('a = "*"\n', []), node=Node("a", frozenset({"x"})))

    assert "do not fit together on the target: a[x] needs itself" in str(error)
