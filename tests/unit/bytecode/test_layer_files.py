"""The files of a layer with compiled modules, and RECORD."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pulumi_poetry_layer.archive.members import BytesContent, FileContent, Member, Stream, content_bytes
from pulumi_poetry_layer.archive.record import RecordEntry, entry_for, format_record, layer_name, parse_record
from pulumi_poetry_layer.bytecode import layer_files
from pulumi_poetry_layer.bytecode.compiler import find_compiler
from pulumi_poetry_layer.bytecode.layer_files import add_bytecode
from pulumi_poetry_layer.bytecode.release_file import compiled_by, is_release_file
from pulumi_poetry_layer.errors import VerificationError
from pulumi_poetry_layer.verify.layer_content import distributions_of

VERSION = sys.version_info[:2]
RELEASE = "{}.{}.{}".format(*sys.version_info[:3])
TAG = "cpython-{}{}".format(*VERSION)


def distribution(name: str, files: dict[str, bytes]) -> list[Member]:
    """A distribution with these files below ``python/``, and a RECORD that is true for it."""
    record = f"{name}-1.dist-info/RECORD"
    rows = [*(entry_for(path, data) for path, data in files.items()), RecordEntry(record, "", "")]
    contents = {**files, record: format_record(rows)}
    return [Member(layer_name(path), name, BytesContent(data)) for path, data in contents.items()]


def compiled(folder: Path, members: Sequence[Member]) -> dict[str, bytes]:
    """Name → content of all files, after their modules are compiled."""
    folder.mkdir()
    found = add_bytecode(members, find_compiler("{}.{}".format(*VERSION)), VERSION, folder)
    assert len({member.name for member in found}) == len(found)
    return {member.name: content_bytes(member.content) for member in found}


def test_record_lists_the_compiled_modules_and_the_note(tmp_path: Path) -> None:
    """Otherwise tools that read RECORD report the layer as damaged."""
    files = {
        "app/__init__.py": b"x = 1\n",
        "app/bad.py": b"print 1\n",
        "app/tests/test_x.py": b"",
        "one.py": b"\n" * 99,
    }

    found = compiled(tmp_path / "work", [*distribution("app", files), *distribution("data", {"data.txt": b"x"})])

    record = {row.path: row for row in parse_record(found.pop("python/app-1.dist-info/RECORD").decode())}
    modules = {f"app/__pycache__/__init__.{TAG}.pyc", f"__pycache__/one.{TAG}.pyc"}
    assert record.keys() == {*files, *modules, "app-1.dist-info/BYTECODE", "app-1.dist-info/RECORD"}
    for path in record.keys() - {"app-1.dist-info/RECORD"}:
        assert record[path] == entry_for(path, found[layer_name(path)])
    assert found["python/app-1.dist-info/BYTECODE"] == f"cpython {RELEASE}\n".encode()
    assert {name for name in found if "data" in name} == {"python/data.txt", "python/data-1.dist-info/RECORD"}


def test_parallelism_and_the_other_distributions_do_not_change_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise two machines publish different layers from one lock file."""
    package = {f"json/{path.name}": path.read_bytes() for path in Path(json.__file__).parent.glob("*.py")}
    alone = compiled(tmp_path / "alone", distribution("json", package))
    monkeypatch.setattr(layer_files, "_SMALL_SHARE", 100)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    others = distribution("aaa", {f"m{n}.py": f"names = {{'{n}', 'b'}}\n".encode() for n in range(7)})
    together = compiled(tmp_path / "together", [*others, *distribution("json", package)])
    assert len(list((tmp_path / "together").glob("compiled-*.json"))) == 3
    assert len(list((tmp_path / "alone").glob("compiled-*.json"))) == 1
    assert {name: data for name, data in together.items() if "json" in name} == alone


def test_sources_in_files_are_compiled_and_the_result_is_compressed(tmp_path: Path) -> None:
    """The builders that use Poetry have the files on disk."""
    source = tmp_path / "source"
    source.write_bytes(b"def f():\n    return 1\n" * 200)
    members = [*distribution("app", {}), Member("python/app.py", "app", FileContent(source))]
    (tmp_path / "work").mkdir()

    found = add_bytecode(members, find_compiler("{}.{}".format(*VERSION)), VERSION, tmp_path / "work")

    (module,) = (member.content for member in found if member.name == f"python/__pycache__/app.{TAG}.pyc")
    assert isinstance(module, Stream)
    assert module.compressed_size < module.size
    assert content_bytes(module)[8:16] == __import__("importlib.util").util.source_hash(source.read_bytes())


def test_source_that_is_too_large_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file of data could take all memory."""
    monkeypatch.setattr(layer_files, "LARGEST_SOURCE", 30)
    found = compiled(
        tmp_path / "work", distribution("app", {"a.py": b"x = 1\n", "b.py": b"y = 1\n" * 30, "c.py": b"z\n"})
    )
    assert {name for name in found if name.endswith(".pyc")} == {f"python/__pycache__/{n}.{TAG}.pyc" for n in "ac"}


def test_own_file_with_the_name_of_the_note_is_replaced(tmp_path: Path) -> None:
    """A package could say that another Python has compiled it."""
    found = compiled(tmp_path / "work", distribution("app", {"a.py": b"", "app-1.dist-info/BYTECODE": b"cpython 9\n"}))
    assert found["python/app-1.dist-info/BYTECODE"] == f"cpython {RELEASE}\n".encode()
    assert found["python/app-1.dist-info/RECORD"].count(b"BYTECODE") == 1


def test_distribution_without_record_is_refused(tmp_path: Path) -> None:
    """Its compiled modules would belong to no distribution."""
    with pytest.raises(VerificationError, match="has no RECORD"):
        compiled(tmp_path / "work", [Member("python/a.py", "app", BytesContent(b""))])


def test_layer_without_modules_starts_no_compiler(tmp_path: Path) -> None:
    """A layer of data only would need a Python for nothing."""
    (tmp_path / "work").mkdir()
    members = distribution("app", {"data.txt": b"x"})
    assert add_bytecode(members, None, VERSION, tmp_path / "work") == members  # type: ignore[arg-type]


def test_release_is_read_from_the_note() -> None:
    """Otherwise nobody can see what has compiled a layer."""
    name = "python/app-1.dist-info/BYTECODE"
    assert is_release_file(name)
    assert not is_release_file("python/app/BYTECODE")
    assert compiled_by([Member(name, "app", BytesContent(b"cpython 3.13.2\n"))]) == "3.13.2"
    assert compiled_by([Member("python/x.py", "app", BytesContent(b""))]) is None


def test_layer_of_single_files_with_native_ones_can_be_verified(tmp_path: Path) -> None:
    """The local and the container builder return compiled modules in compressed form."""
    wheel = b"Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_17_x86_64\n"
    files = {"app.py": b"x = 1\n" * 50, "app-1.dist-info/WHEEL": wheel, "app-1.dist-info/METADATA": b"Name: app\n"}
    (tmp_path / "work").mkdir()
    compiler = find_compiler("{}.{}".format(*VERSION))

    found = add_bytecode(distribution("app", files), compiler, VERSION, tmp_path / "work")

    (verified,) = distributions_of(found)
    assert f"python/__pycache__/app.{TAG}.pyc" in verified.files
    assert verified.natives == ()
