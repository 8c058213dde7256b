"""The progress of downloads and builds, as text."""

from __future__ import annotations

from pathlib import Path

from pulumi_poetry_layer.host.progress import Step
from pulumi_poetry_layer.wheels.progress import FetchProgress


def test_packages_and_megabytes_are_counted_with_running_downloads(tmp_path: Path) -> None:
    """A user could not see how far a large download is."""
    progress = FetchProgress(packages=3, downloads=2)
    assert str(progress) == "0 of 3 packages"
    file = tmp_path / "downloaded"
    progress.add_size("numpy", 18 << 20)
    with progress.downloading("numpy", file):
        assert str(progress) == "0 of 3 packages"
        file.write_bytes(bytes(4 << 20))
        assert str(progress) == "0 of 3 packages, 4.0 MiB", "the size of six is not known yet"
        progress.add_size("six", 1 << 20)
        assert str(progress) == "0 of 3 packages, 4 of 19 MiB"
        file.write_bytes(bytes(18 << 20))
    file.unlink()
    progress.finish_package("numpy")
    assert str(progress) == "1 of 3 packages, 18 of 19 MiB"


def test_package_that_another_build_has_fetched_is_counted() -> None:
    """Builds for several targets would end with a bar that is half full."""
    progress = FetchProgress(packages=1, downloads=1)
    progress.add_size("numpy", 18 << 20)
    progress.finish_package("numpy")
    assert progress.steps() == [Step("1 of 1 package, 18 of 18 MiB", 1)]


def test_packages_that_are_built_are_named() -> None:
    """A long compilation would look like a download that hangs."""
    progress = FetchProgress(packages=2, downloads=0)
    with progress.building("lib 1.0"):
        with progress.building("app 2.0"):
            assert str(progress) == "0 of 2 packages, building lib 1.0 and app 2.0"
        assert str(progress) == "0 of 2 packages, building lib 1.0"
    assert str(progress) == "0 of 2 packages"


def test_index_that_does_not_list_sizes_leaves_the_total_out(tmp_path: Path) -> None:
    """A wrong total is worse than none."""
    progress = FetchProgress(packages=1, downloads=1)
    progress.add_size("six", None)
    (tmp_path / "file").write_bytes(bytes(500_000))
    with progress.downloading("six", tmp_path / "file"):
        assert str(progress) == "0 of 1 package, 0.5 MiB"


def test_each_long_download_has_a_line_on_a_terminal(tmp_path: Path) -> None:
    """A user could not see which file takes so long, and a line for each small file would flicker."""
    now = [0.0]
    progress = FetchProgress(packages=3, downloads=3, clock=lambda: now[0])
    for package, size in (("numpy", 16 << 20), ("pandas", None), ("six", 4 << 20)):
        progress.add_size(package, size)
        (tmp_path / package).write_bytes(bytes(4 << 20))
    with progress.downloading("numpy", tmp_path / "numpy"), progress.downloading("pandas", tmp_path / "pandas"):
        assert progress.steps() == [Step("0 of 3 packages, 8.0 MiB", 0)]
        now[0] = 1.1
        with progress.downloading("six", tmp_path / "six"):
            assert progress.steps() == [
                Step("0 of 3 packages, 12.0 MiB", 0),
                Step("  numpy 4 of 16 MiB", 0.25),
                Step("  pandas 4.0 MiB"),
            ]
        progress.add_size("pandas", 12 << 20)
        assert progress.steps()[0] == Step("0 of 3 packages, 12 of 32 MiB", 0.375)
    assert len(progress.steps()) == 1
