"""What changed from one layer to another."""

from __future__ import annotations

from pathlib import Path

from samples.layers import SITE_PACKAGES, installed, write_zip

from pulumi_poetry_layer.inspection.comparison import FileChanges, PackageChange, compare_layers
from pulumi_poetry_layer.inspection.contents import read_layer

SAME = installed("same", {"same.py": b"1"})


def changes(folder: Path, old: list[dict[str, bytes]], new: list[dict[str, bytes]]) -> tuple[PackageChange, ...]:
    """The changes from a layer of some files to another."""
    return compare_layers(
        read_layer(write_zip(folder / "old.zip", SAME, *old)), read_layer(write_zip(folder / "new.zip", SAME, *new))
    )


def test_added_removed_and_changed_packages(tmp_path: Path) -> None:
    """A reviewer sees why a layer grew, with the largest change first."""
    found = changes(
        tmp_path,
        [installed("gone", {"gone.py": b"1" * 5000}), installed("app", {"app/a.py": b"1", "app/b.py": b"1"})],
        [installed("app", {"app/a.py": b"22", "app/c.py": b"1"}, version="2.0"), installed("fresh", {"f.py": b""})],
    )
    assert [(one.name, one.change, one.old_version, one.new_version) for one in found] == [
        ("gone", "removed", "1.0", None),
        ("fresh", "added", None, "1.0"),
        ("app", "changed", "1.0", "2.0"),
    ]
    gone, fresh, app = found
    assert gone.unzipped_size_change == -gone.old.unzipped_size < -5000
    assert fresh.size_change == fresh.new.size > 0
    assert app.unzipped_size_change == 1
    assert app.files == FileChanges(added=3, removed=3, changed=1)
    assert gone.document()["new"] is None
    assert fresh.document()["old"] is None


def test_same_version_with_other_contents_is_a_change(tmp_path: Path) -> None:
    """A package that was built again would look unchanged."""
    old, new = installed("app", {"app.py": b"a = 1"}), installed("app", {"app.py": b"a = 2"})
    (change,) = changes(tmp_path, [old], [new])
    assert change.files == FileChanges(added=0, removed=0, changed=1)
    assert change.unzipped_size_change == 0


def test_equal_layers_have_no_changes(tmp_path: Path) -> None:
    """Also when one has its packages in the other folder where Lambda looks."""
    one, other = installed("app", {"app.py": b"1"}), installed("app", {"app.py": b"1"}, root=SITE_PACKAGES)
    assert changes(tmp_path, [one], [one]) == ()
    assert changes(tmp_path, [one], [other]) == ()


def test_files_without_a_distribution_are_compared(tmp_path: Path) -> None:
    """In zips of tools that remove the metadata, nothing else is left to compare."""
    old = {"python/a/x.py": b"1", "python/a/y.py": b"1", "python/equal.py": b"", "lib/x.so": b"22"}
    first, second, third = changes(
        tmp_path, [old], [{**old, "python/a/x.py": b"4444", "python/b.py": b"1", "lib/x.so": b"1"}]
    )
    assert (first.name, first.change, first.unzipped_size_change) == ("a (without a distribution)", "changed", 3)
    assert (second.name, second.change, second.document()["old"]) == ("b.py (without a distribution)", "added", None)
    assert (third.name, third.new_version, third.unzipped_size_change) == ("lib (without a distribution)", None, -1)
