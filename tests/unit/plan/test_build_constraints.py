"""Tests of ``[tool.poetry.build-constraints]`` in a plan."""

from __future__ import annotations

from dataclasses import replace

import pytest
from samples import PROJECT, WHEELS, X86, Package, lock_text, read

from pulumi_poetry_layer.errors import MultipleInputError, ProjectError
from pulumi_poetry_layer.plan.build_constraints import build_constraints
from pulumi_poetry_layer.plan.build_plan import BuildPlan, Choice
from pulumi_poetry_layer.plan.planner import plan_selection, select_layer
from pulumi_poetry_layer.poetry.pyproject import parse_project

GIT = {"type": "git", "url": "https://git.invalid/app", "reference": "main", "resolved_reference": "a" * 40}


def constraints(table: str) -> dict[str, tuple[str, ...]]:
    """The constraints in a table that apply on Linux with Python 3.12."""
    return build_constraints(parse_project(f"{PROJECT}[tool.poetry.build-constraints]\n{table}"), X86)


def planned(table: str, package: Package) -> BuildPlan:
    """The plan of a layer with one package, and constraints."""
    project, lock = read(PROJECT, lock_text(PROJECT, [package]))
    choice = Choice.of(["main"])
    selection = select_layer(project, lock, target=X86, choice=choice)
    return plan_selection(selection, target=X86, choice=choice, builder=WHEELS, build_constraints=constraints(table))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("", {}),
        ("app = {}", {}),
        ('App_One = {SetupTools = "<80"}', {"app-one": ("setuptools <80",)}),
        ('app = {b = "^1", a = {version = "~2"}}', {"app": ("a ~2", "b ^1")}),
        (
            'app = {a = [{version = "2", markers = "os_name == \'nt\'"}, {version = "<3", python = ">=3.12"}]}',
            {"app": ("a <3",)},
        ),
        ('app = {a = {version = "<2", python = "<3.12"}}', {}),
        (
            'app = {a = {git = "https://me:secret@git.invalid/a", tag = "v1"}}',
            {"app": ("a @ git https://git.invalid/a v1",)},
        ),
    ],
)
def test_constraints_that_apply_on_the_target_are_read(table: str, expected: dict[str, tuple[str, ...]]) -> None:
    """A package would be built with something else than `poetry install` uses."""
    assert constraints(table) == expected


def test_all_invalid_constraints_are_reported() -> None:
    """A user would see a traceback, or could only fix one constraint per run."""
    with pytest.raises(MultipleInputError) as caught:
        constraints('app = {a = "no version"}\nlib = {b = {version = "1", markers = "nonsense"}}')

    assert [(type(problem), problem.where) for problem in caught.value.problems] == [
        (ProjectError, "pyproject.toml: tool.poetry.build-constraints.app"),
        (ProjectError, "pyproject.toml: tool.poetry.build-constraints.lib"),
    ]


@pytest.mark.parametrize(
    ("package", "is_built"),
    [
        (Package(name="app"), False),
        (Package(name="app", files=["app-1.0.tar.gz"]), True),
        (Package(name="app", files=[], source=GIT), True),
    ],
)
def test_constraints_are_part_of_the_fingerprint_of_packages_that_are_built(package: Package, is_built: bool) -> None:
    """A layer would not be built again, or a layer of wheels would be."""
    without, limited = planned("", package), planned('app = {setuptools = "<80"}\nother = {a = "1"}', package)

    assert limited.packages[0].build_constraints == (("setuptools <80",) if is_built else ())
    assert (limited.fingerprint != without.fingerprint) is is_built
    assert planned('other = {a = "1"}', package).fingerprint == without.fingerprint
    assert replace(limited.packages[0], build_constraints=()) == without.packages[0]
