"""What is doubtful in a layer."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from samples.elf import elf
from samples.layers import SECONDS, installed, write_zip

from pulumi_poetry_layer.inspection.contents import read_layer
from pulumi_poetry_layer.inspection.doubts import Doubt, describe_doubts, find_doubts
from pulumi_poetry_layer.inspection.fits import find_fits

SOURCE = b"a = 1\n"
NATIVE = {"demo/b.cpython-312-x86_64-linux-gnu.so": elf("x86_64")}


def pyc(flags: int = 0, time: int = SECONDS, size: int = len(SOURCE)) -> bytes:
    """A compiled module with this header."""
    return struct.pack("<4sLLL", b"\xcb\r\r\n", flags, time, size) + b"code"


def doubts(folder: Path, *parts: dict[str, bytes], mode: int = 0o644) -> list[Doubt]:
    """What is doubtful in a layer of these files, without modules that are not compiled."""
    contents = read_layer(write_zip(folder / "layer.zip", *parts, mode=mode))
    return [doubt for doubt in find_doubts(contents, find_fits(contents)) if doubt.kind != "missing-bytecode"]


def demo(**files: bytes) -> dict[str, bytes]:
    """A layer with a native package for python3.12 that contains these files, with "__" for a slash."""
    return installed("demo", {**NATIVE, "demo/a.py": SOURCE, **{f"demo/{name}": data for name, data in files.items()}})


def test_layer_without_doubts(tmp_path: Path) -> None:
    """Users would learn to ignore the lines."""
    contents = read_layer(
        write_zip(
            tmp_path / "layer.zip", demo(**{"__pycache__/a.cpython-312.pyc": pyc()}), {"lib/libx.so": elf("x86_64")}
        )
    )
    assert find_doubts(contents, find_fits(contents)) == ()


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.cpython-312", pyc(time=SECONDS + 1), "stale-bytecode"),
        ("a.cpython-312", pyc(size=99), "stale-bytecode"),
        ("a.cpython-312", b"short", "stale-bytecode"),
        ("gone.cpython-312", pyc(), "stale-bytecode"),
        ("a.cpython-312", pyc(flags=1, time=1, size=2), None),
        ("a.cpython-312", pyc(flags=3, time=1, size=2), None),
        ("a.cpython-312.opt-2", pyc(), None),
        ("a.cpython-311", pyc(), "other-bytecode"),
        ("a.pypy311", pyc(), "other-bytecode"),
    ],
)
def test_compiled_modules_that_python_ignores(tmp_path: Path, name: str, data: bytes, kind: str | None) -> None:
    """A layer would be larger because of them, and cold starts no faster."""
    found = doubts(tmp_path, demo(**{f"__pycache__/{name}.pyc": data}))
    assert [doubt.kind for doubt in found] == ([kind] if kind else [])
    assert all(doubt.files == (f"python/demo/__pycache__/{name}.pyc",) for doubt in found)


def test_modules_that_are_not_compiled(tmp_path: Path) -> None:
    """Cold starts would take longer than necessary; those of another Python do not help."""
    contents = read_layer(write_zip(tmp_path / "layer.zip", demo(**{"__pycache__/a.cpython-311.pyc": pyc()})))
    kinds = {doubt.kind: doubt.files for doubt in find_doubts(contents, find_fits(contents))}
    assert kinds["missing-bytecode"] == ("python/demo/a.py",)


def test_compiled_modules_of_a_layer_for_no_runtime(tmp_path: Path) -> None:
    """Whatever they are for, the reason that the layer is for no runtime is the one to look at."""
    native = {"demo/b.abi3.so": elf("x86_64", libraries=["libodbc.so.2"]), "demo/a.py": SOURCE}
    files = installed("demo", {**native, "demo/__pycache__/a.cpython-311.pyc": pyc()})
    contents = read_layer(write_zip(tmp_path / "layer.zip", files))
    assert find_doubts(contents, find_fits(contents)) == ()


def test_tests_are_counted_by_package(tmp_path: Path) -> None:
    """Tests of numpy and pandas are a fifth of a layer."""
    (doubt,) = doubts(
        tmp_path, demo(**{"tests/x.py": b"1234", "sub/test/y.txt": b"1", "testing/z.py": b"", "test.py": b""})
    )
    assert (doubt.kind, doubt.package, doubt.unzipped_size) == ("tests", "demo 1.0", 5)
    assert doubt.files == ("python/demo/sub/test/y.txt", "python/demo/tests/x.py")


def test_packages_of_the_runtime(tmp_path: Path) -> None:
    """The AWS SDK is 25 MB that every function has already."""
    found = doubts(tmp_path, installed("boto3", {"boto3.py": b""}), installed("python-dateutil", {"dateutil.py": b""}))
    assert [(doubt.kind, doubt.package) for doubt in found] == [
        ("in-runtime", "boto3 1.0"),
        ("in-runtime", "python-dateutil 1.0"),
    ]


def test_several_copies_of_a_package(tmp_path: Path) -> None:
    """`pip install --target` into a folder that is not empty leaves the old metadata, and files of both versions."""
    files = {**installed("demo", {"demo.py": b""}), **installed("demo", {"demo.py": b""}, version="2.0")}
    found = doubts(tmp_path, files)
    assert [(doubt.kind, doubt.problem) for doubt in found] == [
        ("several-copies", "the same package 2 times (1.0, 2.0)")
    ]


def test_files_that_no_distribution_lists(tmp_path: Path) -> None:
    """Someone may have put them there by hand. Compiled modules of listed sources are known."""
    files = {"python/loose.py": b"x", "python/demo/__pycache__/a.cpython-312.pyc": pyc(), "opt.txt": b""}
    found = {doubt.kind: doubt.files for doubt in doubts(tmp_path, demo(), files)}
    assert found == {"unlisted": ("python/loose.py",), "outside": ("opt.txt",)}


def test_files_that_a_function_cannot_read(tmp_path: Path) -> None:
    """With a umask of 077, every import ends in a PermissionError."""
    (doubt,) = doubts(tmp_path, installed("demo", {"demo.py": b""}), mode=0o600)
    assert (doubt.kind, len(doubt.files)) == ("unreadable", 3)


def test_lines_name_the_largest_packages(tmp_path: Path) -> None:
    """A list of forty packages with tests would hide everything else."""
    parts = [
        installed(f"demo{size}", {f"demo{size}/tests/a.py": b"x" * size}) for size in (10_000, 50_000, 20_000, 30_000)
    ]
    doubt_lines = list(describe_doubts(doubts(tmp_path, *parts, {"python/a.py": b""})))
    assert doubt_lines[0] == (
        "tests: demo50000 1.0, 1 file, 0.05 MiB; demo30000 1.0, 1 file, 0.03 MiB; demo20000 1.0, 1 file, 0.02 MiB; "
        "1 more (0.01 MiB) "
        "(leave them out of the layer, unless a module needs them)"
    )
    assert doubt_lines[1].startswith("files that no distribution lists; it is not known where they are from: files")


def test_document_has_the_first_files(tmp_path: Path) -> None:
    """Scripts read it; its keys are stable."""
    (doubt,) = doubts(tmp_path, {f"python/{letter}.py": b"x" for letter in "abcd"})
    assert doubt.document() == {
        "kind": "unlisted",
        "package": "files without a distribution",
        "problem": doubt.problem,
        "hint": doubt.hint,
        "files": 4,
        "first_files": ["python/a.py", "python/b.py", "python/c.py"],
        "unzipped_size": 4,
    }
