"""The README is right on the package index, where relative links lead nowhere, and the versions in it are true."""

from __future__ import annotations

import re
from importlib.metadata import metadata
from pathlib import Path

import tomli
from markdown_it import MarkdownIt
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text("utf-8")


def test_all_links_are_absolute() -> None:
    """Otherwise they are broken on the package's page."""
    children = [child for token in MarkdownIt().enable("table").parse(README) for child in token.children or ()]
    targets = [str(found) for child in children if (found := child.attrGet("href") or child.attrGet("src"))]
    assert len(targets) > 20
    assert [target for target in targets if not target.startswith("https://")] == []


def test_the_required_versions_are_those_of_the_package() -> None:
    """Otherwise users install what does not work, or do not try what does."""
    project = tomli.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    assert f"Python {project['requires-python'].removeprefix('>=')} or newer" in README
    for name in ("pulumi", "pulumi-aws"):
        (requirement,) = (found for text in project["dependencies"] if (found := Requirement(text)).name == name)
        (oldest,) = (one.version for one in requirement.specifier if one.operator == ">=")
        assert re.search(rf"`{name}` [^;]*\b{re.escape(oldest)} (or|and) newer", README), name


def test_the_package_can_be_added_to_a_new_poetry_project() -> None:
    """``poetry init`` sets no upper limit for Python, and Poetry then refuses packages that exclude Python 4."""
    project = tomli.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    requirements = [Requirement(text) for text in project["dependencies"]]
    on_python_4 = [one for one in requirements if not one.marker or 'python_version < "4.0"' not in str(one.marker)]
    excluding = [
        one.name for one in on_python_4 if "4.0" not in SpecifierSet(metadata(one.name)["Requires-Python"] or "")
    ]
    assert excluding == []
    assert len(on_python_4) > 15
