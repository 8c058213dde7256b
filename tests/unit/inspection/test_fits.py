"""The runtimes and architectures that a layer is for."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples.elf import elf
from samples.layers import SITE_PACKAGES, installed, write_zip

from pulumi_poetry_layer.inspection.contents import read_layer
from pulumi_poetry_layer.inspection.fits import Fit, describe_fits, find_fits

MODULE = "demo/a.cpython-312-x86_64-linux-gnu.so"


def fits(folder: Path, *parts: dict[str, bytes]) -> tuple[Fit, ...]:
    """Whether a layer of these files is for each target."""
    return find_fits(read_layer(write_zip(folder / "layer.zip", *parts)))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (installed("demo", {"demo.py": b""}), "all runtimes on x86_64 and arm64"),
        ({"python/loose.py": b""}, "all runtimes on x86_64 and arm64"),
        (installed("demo", {MODULE: elf("x86_64")}), "python3.12 on x86_64"),
        (installed("demo", {"demo/a.abi3.so": elf("aarch64")}), "all runtimes on arm64"),
        ({"python/demo/a.abi3.so": elf("aarch64")}, "all runtimes on arm64"),
        (
            installed("demo", {"demo/a.abi3.so": elf("x86_64", "GLIBC_2.34")}),
            "python3.12, python3.13, python3.14 and python3.15 on x86_64",
        ),
        (installed("demo", {"demo.py": b""}, root=SITE_PACKAGES), "python3.12 on x86_64 and arm64"),
        (
            installed("demo", {"demo.py": b""}, metadata="Requires-Python: >=3.14\n"),
            "python3.14 and python3.15 on x86_64 and arm64",
        ),
        (
            installed("demo", {"demo.py": b""}, metadata="Requires-Python: oops\n"),
            "all runtimes on x86_64 and arm64",
        ),
        (installed("demo", {"demo/a.abi3.so": elf("x86_64", libraries=["libodbc.so.2"])}), "no runtime"),
        (installed("demo", {"demo.py": b""}, root="lib/python3.12/site-packages/"), "no runtime"),
        ({f"{SITE_PACKAGES}loose.py": b""}, "python3.12 on x86_64 and arm64"),
        ({"lib/libx.so": elf("aarch64")}, "all runtimes on arm64"),
        (
            {
                **installed("demo", {MODULE: elf("x86_64")}, root=SITE_PACKAGES),
                **installed("demo", {"demo/a.py": b""}, root="python/lib/python3.13/site-packages/"),
            },
            "python3.12 on x86_64; python3.13 on x86_64 and arm64",
        ),
    ],
)
def test_layer_is_for_these_targets(tmp_path: Path, files: dict[str, bytes], expected: str) -> None:
    """A user would add a layer to a function that cannot load it."""
    assert describe_fits(fits(tmp_path, files)) == expected


def test_reason_names_the_package(tmp_path: Path) -> None:
    """A user would not know what to replace."""
    found = {
        (fit.runtime, fit.architecture): fit.reason
        for fit in fits(tmp_path, installed("demo", {MODULE: elf("x86_64")}, root=SITE_PACKAGES))
    }
    assert found["python3.12", "x86_64"] is None
    assert found["python3.12", "arm64"] == "demo 1.0: has native libraries, but none for aarch64"
    assert found["python3.13", "x86_64"] == f"demo 1.0 is in {SITE_PACKAGES}, where python3.13 does not look"
