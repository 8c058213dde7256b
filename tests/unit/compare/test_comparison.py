"""Tests of comparing two layers and their lock files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from samples import X86, Package, lock_text, old_lock_text, plan, read

from pulumi_poetry_layer.compare.comparison import Comparison, LayerChange, LockChange, compare
from pulumi_poetry_layer.compare.reasons import PlannedProject

EXTRAS_PROJECT = """\
[project]
name = "service"
version = "1.0"
requires-python = ">=3.9"
dependencies = ["app"]

[project.optional-dependencies]
fast = ["speedups"]

[dependency-groups]
dev = ["tool"]
"""
FAST = Package(name="speedups", markers='extra == "fast"', other_keys={"optional": True})
APP, LIB, TOOL = Package(name="app", dependencies={"lib": "*"}), Package(name="lib"), Package(name="tool")
DEV = replace(TOOL, groups=["dev"])
WINDOWS = Package(name="colorama", markers="sys_platform == 'win32'")
BASE = [replace(APP, dependencies={"lib": "*", "colorama": {"version": "*", "markers": WINDOWS.markers}}), LIB, DEV]

Write = Callable[..., str]


def side(
    packages: Sequence[Package],
    *,
    write: Write = lock_text,
    extras: Sequence[str] = (),
    exclude: Sequence[str] = (),
    digests: dict[str, str] | None = None,
) -> PlannedProject:
    """A planned project."""
    text = write(EXTRAS_PROJECT, [*packages, WINDOWS, FAST], extras={"fast": ["speedups"]})
    project, lock = read(EXTRAS_PROJECT, text)
    made = plan(EXTRAS_PROJECT, text, extras=extras, exclude=exclude, digests=digests)
    return PlannedProject(project=project, lock=lock, plan=made)


def layer_change(comparison: Comparison) -> LayerChange:
    """The only change of the layer."""
    (change,) = comparison.layer
    return change


def lock_change(comparison: Comparison) -> LockChange:
    """The only change of the lock file; the layer does not change."""
    assert comparison.layer == ()
    assert comparison.old.fingerprint == comparison.new.fingerprint
    (change,) = comparison.lock
    return change


@pytest.mark.parametrize("write", [lock_text, old_lock_text])
def test_new_version_lists_what_requests_the_package(write: Write) -> None:
    """A user would not know why an indirect dependency changes in production."""
    changed = compare(side(BASE, write=write), side([BASE[0], replace(LIB, version="2.0"), DEV], write=write))

    assert layer_change(changed) == LayerChange(
        name="lib",
        change="version",
        old="1.0",
        new="2.0",
        old_file="lib-1.0-py3-none-any.whl",
        new_file="lib-2.0-py3-none-any.whl",
        requested_by=("app",),
        reason=None,
    )
    assert changed.summary == "lib 1.0 → 2.0"
    assert "  lib 1.0 → 2.0 (requested by app)" in changed.lines()


def test_added_or_removed_package_has_a_reason() -> None:
    """A user would not know why a package is suddenly in the layer, or no longer in it."""
    without, with_extra = side(BASE), side(BASE, extras=["fast"])
    added, removed = layer_change(compare(without, with_extra)), layer_change(compare(with_extra, without))

    assert (added.change, added.requested_by) == ("added", ("extra fast",))
    assert added.reason == "before: only in extra fast, which is not selected"
    assert (removed.change, removed.requested_by) == ("removed", ("extra fast",))
    assert removed.reason == "now: only in extra fast, which is not selected"
    assert list(compare(with_extra, without).lines())[1].startswith("  - speedups 1.0 (requested by extra fast); now: ")
    assert layer_change(compare(side(BASE), side([APP]))).reason == "now: not in the lock file"


def test_different_file_of_the_same_version_is_a_change() -> None:
    """A rebuilt wheel would change the layer without being listed."""
    rebuilt = [BASE[0], replace(LIB, files=["lib-1.0-1-py3-none-any.whl"]), DEV]
    changed = compare(side(BASE), side(rebuilt))

    assert layer_change(changed).change == "file"
    assert "lib 1.0: different content, lib-1.0-py3-none-any.whl → lib-1.0-1-py3-none-any.whl (req" in "\n".join(
        changed.lines()
    )


def test_different_content_of_a_folder_is_a_change() -> None:
    """An edit of a local library would change the layer without being listed."""
    folder = [*BASE[::2], replace(LIB, files=[], source={"type": "directory", "url": "../lib"})]
    changed = compare(*(side(folder, digests={"lib": letter * 64}) for letter in "ab"))

    assert layer_change(changed).new == "1.0 (directory@bbbbbbbbbbbb)"
    assert changed.summary == "lib 1.0 (directory@aaaaaaaaaaaa) → 1.0 (directory@bbbbbbbbbbbb)"


@pytest.mark.parametrize("write", [lock_text, old_lock_text])
@pytest.mark.parametrize(
    ("change", "exclude", "reason"),
    [
        ([*BASE[:2], replace(DEV, version="2.0")], [], "only in group dev, which is not selected"),
        (
            [BASE[0], replace(LIB, files=["lib-1.0-py3-none-any.whl"]), DEV],
            [],
            f"only files that are not used for {X86}",
        ),
        ([BASE[0], replace(LIB, version="2.0"), DEV], ["lib"], "excluded"),
        ([BASE[0], replace(LIB, python=">=3.8"), DEV], [], "only its dependencies, metadata or source"),
    ],
)
def test_change_of_the_lock_file_only_has_a_reason(
    write: Write, change: list[Package], exclude: list[str], reason: str
) -> None:
    """A user who updated a package would not know why the layer does not change."""
    old, new = side(BASE, write=write, exclude=exclude), side(change, write=write, exclude=exclude)
    assert lock_change(compare(old, new)).reason == reason


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (lock_text, f"its marker is not true for {X86}: sys_platform == 'win32'"),
        (old_lock_text, f"nothing in the layer needs it on {X86}"),
    ],
)
def test_reason_of_a_package_for_another_platform(write: Write, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user would not see that the package is for Windows only."""
    old = side(BASE, write=write)
    monkeypatch.setattr(f"{__name__}.WINDOWS", replace(WINDOWS, version="2.0"))
    change = lock_change(compare(old, side(BASE, write=write)))

    assert change == LockChange(name="colorama", change="version", old=("1.0",), new=("2.0",), reason=reason)


@pytest.mark.parametrize("write", [lock_text, old_lock_text])
def test_reason_names_the_extra_that_is_not_selected(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user would not know which extra to select."""
    old = side(BASE, write=write)
    monkeypatch.setattr(f"{__name__}.FAST", replace(FAST, version="2.0"))

    assert lock_change(compare(old, side(BASE, write=write))).reason == "only in extra fast, which is not selected"


def test_reason_names_all_groups_that_are_not_selected() -> None:
    """A user would select one of the groups, and wonder about the other."""
    old, new = (side([*BASE[:2], replace(TOOL, groups=["dev", "test"], version=version)]) for version in ("1.0", "2.0"))
    assert lock_change(compare(old, new)).reason == "only in groups dev, test, which are not selected"


def test_selected_extra_is_what_requests_its_package() -> None:
    """A user would not see that leaving out the extra makes the layer smaller."""
    change = layer_change(compare(side(BASE), side(BASE, extras=["fast"])))
    assert (change.name, change.change, change.requested_by) == ("speedups", "added", ("extra fast",))
    assert change.reason == "before: only in extra fast, which is not selected"


def test_package_that_requests_itself_with_an_extra_is_not_listed_as_its_own_requester() -> None:
    """A user would be told that the package is in the layer because of itself."""
    both = replace(APP, dependencies={"lib": "*", "app": {"version": "*", "extras": ["all"]}})
    change = layer_change(compare(side([both, LIB, DEV]), side([replace(both, version="2.0"), LIB, DEV])))
    assert change.requested_by == ("group main",)


def test_reason_of_a_package_that_changes_its_groups_only() -> None:
    """A package that was added to another group would have no or a wrong reason."""
    both = [BASE[0], replace(LIB, groups=["main", "dev"]), DEV]
    assert lock_change(compare(side(BASE), side(both))).reason == "only its groups or markers"


def test_equal_layers_have_no_changes() -> None:
    """A comparison without changes would print nothing, as if it had failed."""
    same = compare(side(BASE), side(BASE))

    assert list(same.lines()) == ["the layer does not change", f"fingerprint {same.new.fingerprint}"]
    assert same.document() == {
        "changed": False,
        "fingerprint": {"old": same.old.fingerprint, "new": same.new.fingerprint},
        "summary": "the layer does not change",
        "layer": [],
        "lock": [],
    }


def test_package_added_or_removed_in_the_lock_file_only_has_a_reason() -> None:
    """A user would have to look up each development tool in pyproject.toml."""
    added, removed = compare(side(BASE[:2]), side(BASE)), compare(side(BASE), side(BASE[:2]))

    assert "  + tool 1.0: only in group dev, which is not selected" in added.lines()
    assert "  - tool 1.0: only in group dev, which is not selected" in removed.lines()
