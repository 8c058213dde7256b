"""Sample projects with private indexes, and the access that Poetry gets to them, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pulumi_poetry_layer.builders.builder import ProjectFiles
from pulumi_poetry_layer.builders.poetry.index_access import IndexAccess, index_access
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.poetry_config import PoetryConfiguration
from pulumi_poetry_layer.plan.build_plan import BuildPlan
from samples import PROJECT, Package, lock_text, plan

SOURCE = """
[[tool.poetry.source]]
name = "{name}"
url = "{url}"
priority = "{priority}"
"""
URL = "https://index.invalid/simple"


def source(name: str = "my-index", url: str = URL, priority: str = "explicit") -> str:
    """A ``[[tool.poetry.source]]`` table of pyproject.toml."""
    return SOURCE.format(name=name, url=url, priority=priority)


def package(name: str = "app", reference: str = "my-index", url: str = URL, **more: Any) -> Package:
    """A package that was locked from a source."""
    return Package(name=name, source={"type": "legacy", "url": url, "reference": reference}, **more)


def planned(pyproject: str, packages: Sequence[Package]) -> tuple[BuildPlan, ProjectFiles]:
    """The plan of a project, and the project's files."""
    lock = lock_text(pyproject, packages)
    return plan(pyproject, lock), ProjectFiles(pyproject=pyproject, lock=lock, folder=Path())


def access_of(
    variables: Mapping[str, str], pyproject: str = PROJECT, packages: Sequence[Package] = (Package(name="app"),)
) -> IndexAccess:
    """The access of a user whose only configuration is environment variables."""
    return index_access(*planned(pyproject, packages), Credentials(PoetryConfiguration(variables)))
