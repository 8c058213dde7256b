"""Tests of Poetry's settings ``installer.no-binary`` and ``installer.only-binary``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from samples import ARM, PROJECT, WHEELS, X86, Package, digest, lock_text, plan, read

from pulumi_poetry_layer.errors import PackageFileError
from pulumi_poetry_layer.plan.build_plan import Choice
from pulumi_poetry_layer.plan.file_policy import FilePolicy
from pulumi_poetry_layer.plan.planner import plan_selection, select_layer
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.locked import LockedFile

WHEEL, SDIST = "app-1.0-py3-none-any.whl", "app-1.0.tar.gz"
INDEX = {"type": "legacy", "url": "https://index.invalid/simple", "reference": "inner"}
URL = {"type": "url", "url": f"https://index.invalid/{WHEEL}"}


def chosen(
    policy: FilePolicy,
    *,
    target: Target = X86,
    files: tuple[str, ...] = (WHEEL, SDIST),
    source: Mapping[str, str] | None = None,
) -> LockedFile | None:
    """The file that is planned for a package named app."""
    project, lock = read(PROJECT, lock_text(PROJECT, [Package(name="app", files=files, source=source)]))
    choice = Choice.of(["main"])
    selection = select_layer(project, lock, target=target, choice=choice)
    (package,) = plan_selection(selection, target=target, choice=choice, builder=WHEELS, policy=policy).packages
    return package.file


@pytest.mark.parametrize(
    ("no_binary", "only_binary", "expected"),
    [
        (None, None, WHEEL),
        (["app"], None, SDIST),
        (["other"], None, WHEEL),
        ([":all:"], None, SDIST),
        ([":none:"], None, WHEEL),
        ([":all:"], ["app"], WHEEL),
        (["app"], [":all:"], SDIST),
        (["app", ":none:"], None, SDIST),
        ("app,other", None, SDIST),
        (" other , App ", None, SDIST),
        ("true", None, SDIST),
        ("1", None, SDIST),
        ("false", None, WHEEL),
        ("", None, WHEEL),
        (True, None, SDIST),
        (["App"], None, WHEEL),
        (3, None, WHEEL),
    ],
)
def test_settings_choose_wheel_or_sdist(no_binary: Any, only_binary: Any, expected: str) -> None:
    """A layer would contain the wheel where `poetry install` builds the sdist."""
    file = chosen(FilePolicy.of(no_binary, only_binary))

    assert file == LockedFile(expected, digest(expected))


@pytest.mark.parametrize(
    ("no_binary", "only_binary", "files", "message"),
    [
        (["app"], [], (WHEEL,), "`installer.no-binary` of Poetry forbids its wheels"),
        ([], ["app"], (SDIST,), "`installer.only-binary` of Poetry forbids its sdists"),
        ([], [":all:"], (SDIST,), "`installer.only-binary` of Poetry forbids its sdists"),
        (["app"], ["app"], (WHEEL, SDIST), "`installer.no-binary` of Poetry forbids its wheels and "),
    ],
)
def test_error_names_the_setting_that_leaves_no_file(
    no_binary: list[str], only_binary: list[str], files: tuple[str, ...], message: str
) -> None:
    """A user would look for a fault in the lock file."""
    with pytest.raises(PackageFileError, match=message.replace(".", r"\.")) as caught:
        chosen(FilePolicy.of(no_binary, only_binary), files=files)

    assert caught.value.where == "poetry.lock: package app 1.0"
    assert "POETRY_INSTALLER_" in (caught.value.hint or "")


def test_sdist_is_not_a_replacement_for_a_wheel_that_does_not_fit() -> None:
    """`only-binary` must not build a package that has no wheel for the target."""
    files = ("app-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", SDIST)
    policy = FilePolicy.of([], ["app"])

    assert chosen(policy, files=files) == LockedFile(files[0], digest(files[0]))
    with pytest.raises(PackageFileError, match="only-binary"):
        chosen(policy, files=files, target=ARM)


def test_settings_apply_to_packages_of_all_indexes_and_no_others() -> None:
    """Poetry uses a wheel at a URL in any case: there is no other file."""
    policy = FilePolicy.of([":all:"], [])

    from_index, from_url = chosen(policy, source=INDEX), chosen(policy, source=URL, files=(WHEEL,))

    assert from_index == LockedFile(SDIST, digest(SDIST))
    assert from_url == LockedFile(WHEEL, digest(WHEEL))


def test_settings_change_the_fingerprint() -> None:
    """A layer would not be built again if a package has to be built from its sdist."""
    text = lock_text(PROJECT, [Package(name="app")])

    fingerprints = {
        plan(PROJECT, text, policy=FilePolicy.of(names, [])).fingerprint for names in ([], ["other"], ["app"])
    }

    assert len(fingerprints) == 2
