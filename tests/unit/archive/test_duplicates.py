"""Files that several distributions contain: which one is in the archive, and what is reported."""

from __future__ import annotations

import itertools
import zipfile
from pathlib import Path

import pytest

from pulumi_poetry_layer.archive.duplicates import Conflict, only_extends_path
from pulumi_poetry_layer.archive.members import BytesContent, Member, Segment
from pulumi_poetry_layer.archive.record import RecordEntry, entry_for, format_record, layer_name, parse_record
from pulumi_poetry_layer.archive.segments import read_segment, write_segment
from pulumi_poetry_layer.archive.writer import write_archive
from pulumi_poetry_layer.errors import ArchiveError, MultipleInputError

PKGUTIL = b"from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n"
PKG_RESOURCES = b"""# old style
try:
    __import__("pkg_resources").declare_namespace(__name__)
except ImportError:
    __path__ = __import__("pkgutil").extend_path(__path__, __name__)
"""


def distribution(name: str, files: dict[str, bytes]) -> list[Member]:
    """A distribution with these files below ``python/``, and a RECORD that is true for it."""
    record = f"{name}-1.dist-info/RECORD"
    rows = [*(entry_for(path, data) for path, data in files.items()), RecordEntry(record, "", "")]
    contents = {**files, record: format_record(rows)}
    return [Member(layer_name(path), name, BytesContent(data)) for path, data in contents.items()]


def segment(folder: Path, members: list[Member]) -> Segment:
    """The same distribution as a segment file."""
    name = members[0].distribution
    with (folder / name).open("wb") as file:
        write_segment(members, file, {})
    return read_segment(folder / name, name)


def contents(path: Path) -> dict[str, bytes]:
    """Names and contents of the files in a zip."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == len(set(archive.namelist()))
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("as_segments", [True, False])
def test_last_distribution_by_name_wins_and_every_record_is_true(tmp_path: Path, as_segments: bool) -> None:
    """Packages with a stray tests/ folder could not be in a layer, or RECORD would list a wrong hash."""
    files = {
        "app": {"tests/a.py": b"of app", "shared.py": b"same", "../lib/x.so": b"of app"},
        "lib": {"tests/a.py": b"of lib", "shared.py": b"same"},
        "zed": {"tests/a.py": b"of zed", "../lib/x.so": b"of zed"},
    }
    parts = [distribution(name, given) for name, given in files.items()]
    written = set()
    for order in itertools.permutations(parts):
        chosen = [segment(tmp_path, p) for p in order] if as_segments else [m for p in order for m in p]
        summary = write_archive(chosen, tmp_path / "layer.zip")
        written.add((tmp_path / "layer.zip").read_bytes())

    assert len(written) == 1
    found = contents(tmp_path / "layer.zip")
    assert found["python/tests/a.py"] == found["lib/x.so"] == b"of zed"
    assert summary.conflicts == (
        Conflict("zed", "app", ("lib/x.so", "python/tests/a.py")),
        Conflict("zed", "lib", ("python/tests/a.py",)),
    )
    for name, given in files.items():
        rows = {row.path: row for row in parse_record(found[f"python/{name}-1.dist-info/RECORD"].decode())}
        assert rows.keys() == {*given, f"{name}-1.dist-info/RECORD"}
        for path in given:
            assert rows[path] == entry_for(path, found[layer_name(path)])


def test_conflicts_are_refused_if_the_user_wants_that(tmp_path: Path) -> None:
    """A user who does not want a layer with mixed packages would get one."""
    parts = [*distribution("app", {"a.py": b"1", "b.py": b"1"}), *distribution("lib", {"a.py": b"2", "b.py": b"2"})]

    with pytest.raises(ArchiveError, match=r"app and lib both contain this file \(and 1 more\)") as caught:
        write_archive(parts, tmp_path / "layer.zip", refuse_conflicts=True)

    assert caught.value.where == "python/a.py"
    assert not (tmp_path / "layer.zip").exists()
    with pytest.raises(MultipleInputError):
        write_archive([*parts, *distribution("zed", {"a.py": b"3"})], tmp_path / "layer.zip", refuse_conflicts=True)


def test_namespace_packages_of_old_style_are_not_reported(tmp_path: Path) -> None:
    """A user would get a warning that means nothing for every old namespace package."""
    first, second = distribution("app", {"ns/__init__.py": PKGUTIL}), distribution("lib", {"ns/__init__.py": b""})
    third = distribution("zed", {"ns/__init__.py": PKG_RESOURCES})

    summary = write_archive([*first, *second, *third], tmp_path / "layer.zip", refuse_conflicts=True)

    assert summary.conflicts == ()
    found = contents(tmp_path / "layer.zip")
    assert found["python/ns/__init__.py"] == PKG_RESOURCES
    assert entry_for("ns/__init__.py", PKG_RESOURCES) in parse_record(found["python/app-1.dist-info/RECORD"].decode())


def test_init_file_with_code_is_reported(tmp_path: Path) -> None:
    """A user would not learn that code of a package is missing in the layer."""
    parts = [*distribution("app", {"ns/__init__.py": b"version = 1\n"}), *distribution("lib", {"ns/__init__.py": b""})]

    (conflict,) = write_archive(parts, tmp_path / "layer.zip").conflicts

    assert str(conflict) == (
        "app and lib both contain python/ns/__init__.py, with different contents; "
        "the layer has the content of lib, the last in the order of names"
    )


def test_file_that_the_builder_has_replaced_is_reported(tmp_path: Path) -> None:
    """Poetry replaces the file itself, and the user would not learn of it."""
    member = Member("python/a.py", "lib", BytesContent(b""), replaces=("app",))

    assert write_archive([member], tmp_path / "layer.zip").conflicts == (Conflict("lib", "app", ("python/a.py",)),)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (b"", True),
        (b'"""Text."""\n# comment\n', True),
        (PKGUTIL, True),
        (PKG_RESOURCES, True),
        (b"import pkg_resources\npkg_resources.declare_namespace(__name__)\n", True),
        (b"import pkgutil\n__path__ = pkgutil.extend_path(__path__, __name__)\n", True),
        (b"import os\n", False),
        (b"from pkgutil import extend_path\n__version__ = '1'\n", False),
        (b"__import__('os').declare_namespace(run())\n", False),
        (b"__import__('os')\n", False),
        (b"def (", False),
        (b"\0", False),
        (b"(" * 5000, False),
        (b"#" * 20_000, False),
    ],
)
def test_init_file_that_only_extends_the_path_is_recognized(code: bytes, expected: bool) -> None:
    """Lost code would not be reported, or every namespace package would be."""
    assert only_extends_path(code) is expected


CASES = {
    # name: (files of each distribution, what is left of the compiled modules)
    "both": ({"app": {"m.py": b"1", "PYC": b"app"}, "zed": {"m.py": b"2", "PYC": b"zed"}}, b"zed"),
    "only the replaced": ({"app": {"m.py": b"1", "PYC": b"app"}, "zed": {"m.py": b"2"}}, None),
    "only the kept": ({"app": {"m.py": b"1"}, "zed": {"m.py": b"2", "PYC": b"zed"}}, b"zed"),
    "same source": ({"app": {"m.py": b"1", "PYC": b"app"}, "zed": {"m.py": b"1"}}, b"app"),
    "another with the same source": (
        {"app": {"m.py": b"2", "PYC": b"of 2"}, "lib": {"m.py": b"1", "PYC": b"of 1"}, "zed": {"m.py": b"2"}},
        b"of 2",
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("as_segments", [True, False])
def test_compiled_module_goes_with_its_source(tmp_path: Path, case: str, as_segments: bool) -> None:
    """Python would import code that is not in the layer: it does not compare a compiled module with its source."""
    pyc = "__pycache__/m.cpython-313.pyc"
    given, left = CASES[case]
    files = {name: {(pyc if key == "PYC" else key): data for key, data in own.items()} for name, own in given.items()}
    parts = [distribution(name, own) for name, own in files.items()]
    chosen = [segment(tmp_path, p) for p in parts] if as_segments else [m for p in parts for m in p]

    summary = write_archive(chosen, tmp_path / "layer.zip")

    found = contents(tmp_path / "layer.zip")
    assert found.get(f"python/{pyc}") == left
    assert {name for conflict in summary.conflicts for name in conflict.names} <= {"python/m.py"}
    for name, own in files.items():
        rows = {row.path: row for row in parse_record(found[f"python/{name}-1.dist-info/RECORD"].decode())}
        assert rows.keys() - {f"{name}-1.dist-info/RECORD"} == {p for p in own if layer_name(p) in found}
        for path in rows.keys() & own.keys():
            assert rows[path] == entry_for(path, found[layer_name(path)])
