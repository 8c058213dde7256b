"""Checks of layer zips, also of those that other tools have made."""

from __future__ import annotations

import errno
import zipfile
from pathlib import Path

import pytest
from samples.elf import elf
from samples.layers import SITE_PACKAGES, installed, write_zip
from samples.wheels import WheelSample

from pulumi_poetry_layer.errors import ArchiveError
from pulumi_poetry_layer.inspection.layer_zip import open_layer
from pulumi_poetry_layer.layer.verification import verify_layer
from pulumi_poetry_layer.plan.target import Target

TARGET = Target("python3.12", "x86_64")
NEEDS_ODBC = elf("x86_64", libraries=["libodbc.so.2"])


def layer(folder: Path, files: dict[str, bytes], *wheels: WheelSample) -> Path:
    """A layer zip with these files and the content of these wheels, as other tools make it."""
    path = folder / "layer.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("python/", b"")
        for wheel in wheels:
            for name, data in wheel.contents().items():
                archive.writestr(f"python/{name}", data)
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def found(path: Path, *system_libraries: str) -> list[tuple[str, str, bool]]:
    """Package, problem and severity of each finding."""
    findings = verify_layer(path, TARGET, system_libraries)
    return [(finding.package, finding.problem, finding.is_error) for finding in findings]


def test_native_files_of_distributions_and_others_are_checked(tmp_path: Path) -> None:
    """Otherwise a layer that another tool has made looks fine, and the import fails in the function."""
    wheel = WheelSample(name="demo", tag="cp312-cp312-manylinux_2_17_x86_64", files={"demo/a.abi3.so": NEEDS_ODBC})
    path = layer(tmp_path, {"python/loose.abi3.so": NEEDS_ODBC}, wheel)
    problem = "needs libodbc.so.2, which neither the layer nor python3.12 has"
    assert found(path) == [("demo 1.0", problem, True), ("files without a distribution", problem, True)]
    assert found(path, "libodbc.so.2") == []


def test_library_in_the_lib_folder_is_found(tmp_path: Path) -> None:
    """Lambda has /opt/lib on LD_LIBRARY_PATH."""
    files = {"python/a.abi3.so": NEEDS_ODBC, "lib/libodbc.so.2": elf("x86_64")}
    assert found(layer(tmp_path, files)) == []


def test_distribution_without_record_and_wheel_files_is_read(tmp_path: Path) -> None:
    """Tools that make layers smaller remove these files."""
    metadata = b"Metadata-Version: 2.1\nName: Demo\nVersion: 1\nRequires-Dist: gone\n"
    path = layer(tmp_path, {"python/Demo-1.dist-info/METADATA": metadata})
    assert found(path) == [("demo 1", "needs gone, which the layer does not have", False)]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 truncated", b"not a zip"])
def test_file_that_is_not_a_zip_is_an_error(tmp_path: Path, data: bytes) -> None:
    """Otherwise the user sees a traceback of zipfile."""
    path = tmp_path / "layer.zip"
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="cannot be read as a zip"):
        verify_layer(path, TARGET)


def test_layer_that_would_need_much_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zip of some kilobytes can unzip to gigabytes."""
    monkeypatch.setattr("pulumi_poetry_layer.inspection.layer_zip._LARGEST", 1 << 20)
    with pytest.raises(ArchiveError, match="unzips to more than 1 MiB"):
        verify_layer(layer(tmp_path, {"python/a": bytes((1 << 20) + 1)}), TARGET)


def test_full_disk_is_not_reported_as_a_damaged_zip(tmp_path: Path) -> None:
    """The user would build the layer again instead of freeing space."""
    path = layer(tmp_path, {"python/a.py": b""})
    with pytest.raises(OSError, match="No space left"), open_layer(path):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_packages_in_a_folder_of_another_runtime_are_an_error(tmp_path: Path) -> None:
    """Otherwise every import fails, because Lambda looks elsewhere."""
    path = write_zip(tmp_path / "layer.zip", installed("demo", {"demo.py": b""}, root=SITE_PACKAGES))
    assert verify_layer(path, TARGET) == ()
    (finding,) = verify_layer(path, Target("python3.13", "x86_64"))
    assert (finding.is_error, finding.problem) == (True, f"is in {SITE_PACKAGES}, where python3.13 does not look")
