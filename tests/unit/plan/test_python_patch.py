"""Tests of the patch release that a plan assumes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.version import Version
from samples import Package, lock_text

from pulumi_poetry_layer.errors import InputError, ProjectError
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest
from pulumi_poetry_layer.plan.build_plan import BuildPlan
from pulumi_poetry_layer.plan.target import NEWEST_PATCH

NEWEST = Version(NEWEST_PATCH["python3.12"])
LATER = f"3.12.{NEWEST.micro + 2}"
OLD = Package(name="old", markers='python_full_version < "3.12.4"')


def planned(
    folder: Path, *, python: str = ">=3.9", patch: str | None = None, defaults: str = "", runtime: str = "python3.12"
) -> BuildPlan:
    """The plan of a project with this constraint on Python; it needs ``old`` only before Python 3.12.4."""
    project = (
        f'[project]\nname = "service"\nversion = "1"\nrequires-python = "{python}"\ndependencies = ["app", "old"]\n'
    )
    (folder / "pyproject.toml").write_text(project + (f"[tool.poetry-layer]\n{defaults}\n" if defaults else ""))
    (folder / "poetry.lock").write_text(lock_text(project, [Package(name="app"), OLD]))
    return plan_request(LayerRequest(project_dir=folder, runtime=runtime, python_patch=patch))[0]


def names(plan: BuildPlan) -> list[str]:
    """The names of the packages in the layer."""
    return [package.name for package in plan.packages]


@pytest.mark.parametrize(
    ("python", "patch", "defaults", "expected"),
    [
        (">=3.9", None, "", str(NEWEST)),
        (f">={NEWEST}", None, "", str(NEWEST)),
        (f">={LATER}", None, "", LATER),
        (f"~={LATER}", None, "", LATER),
        ("==3.12.1", "3.12.1", "", "3.12.1"),
        ("==3.12.1", None, 'python-patch = "3.12.1"', "3.12.1"),
        (">=3.9", None, 'python-patch = ["3.11.2", "3.12.3"]', "3.12.3"),
        (">=3.9", None, 'python-patch = "3.11.2"', str(NEWEST)),
        (">=3.9", "3.12.5", 'python-patch = "3.12.3"', "3.12.5"),
    ],
)
def test_patch_release_is_the_chosen_one_or_the_newest_known_one_that_is_new_enough(
    tmp_path: Path, python: str, patch: str | None, defaults: str, expected: str
) -> None:
    """A project would be refused because AWS or Python has had a release that this package does not know."""
    plan = planned(tmp_path, python=python, patch=patch, defaults=defaults)

    assert plan.target.python_full_version == expected


@pytest.mark.parametrize(
    ("python", "patch", "hint"),
    [
        ("==3.12.1", None, 'set python_patch="3.12.1" (or python-patch in [tool.poetry-layer])'),
        (">=3.9,<3.12.5", None, 'set python_patch="3.12.4"'),
        (">=3.12.8", "3.12.2", 'set python_patch="3.12.8"'),
        (">=3.9,<3.12", None, "choose another runtime, or widen the constraint"),
        ("==3.13.1", None, "choose another runtime, or widen the constraint"),
    ],
)
def test_patch_release_that_the_project_does_not_allow_is_an_error_that_names_the_argument(
    tmp_path: Path, python: str, patch: str | None, hint: str
) -> None:
    """A user would have to change the constraint, and with it the lock file, to plan a layer."""
    with pytest.raises(ProjectError) as caught:
        planned(tmp_path, python=python, patch=patch)

    assert caught.value.where == "pyproject.toml: project.requires-python"
    assert f"(Python {patch or NEWEST})" in caught.value.what
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("patch", "expected"), [(None, ["app"]), ("3.12.3", ["app", "old"]), ("3.12.4", ["app"]), (LATER, ["app"])]
)
def test_patch_release_changes_the_fingerprint_only_with_the_packages(
    tmp_path: Path, patch: str | None, expected: Sequence[str]
) -> None:
    """The layer would be published again for each patch release of Python, or lack what its patch release needs."""
    plan = planned(tmp_path, patch=patch)

    assert names(plan) == expected
    assert (plan.fingerprint == planned(tmp_path).fingerprint) is (expected == ["app"])


@pytest.mark.parametrize(
    ("defaults", "where", "what"),
    [
        ('python-patch = "3.12"', "pyproject.toml: tool.poetry-layer.python-patch", "'3.12' is not a full version"),
        ('python-patch = ["3.12.1", "x"]', "pyproject.toml: tool.poetry-layer.python-patch[1]", "'x' is not"),
        ("python-patch = 3.12", "pyproject.toml: tool.poetry-layer.python-patch", "must be an array"),
    ],
)
def test_wrong_value_in_the_section_is_an_error_that_names_the_key(
    tmp_path: Path, defaults: str, where: str, what: str
) -> None:
    """A typo would have no effect."""
    with pytest.raises(InputError) as caught:
        planned(tmp_path, defaults=defaults)

    assert caught.value.where == where
    assert what in caught.value.what


def test_section_that_is_no_table_is_an_error(tmp_path: Path) -> None:
    """A user would see a traceback."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "service"\nversion = "1"\n[tool]\npoetry-layer = 1\n')
    (tmp_path / "poetry.lock").write_text(lock_text('[project]\nname = "service"\nversion = "1"\n', []))

    with pytest.raises(ProjectError, match=r"pyproject\.toml: tool\.poetry-layer: must be a table"):
        plan_request(LayerRequest(project_dir=tmp_path, runtime="python3.12"))
