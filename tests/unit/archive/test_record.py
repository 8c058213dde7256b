"""Reading and writing RECORD files."""

from __future__ import annotations

from pulumi_poetry_layer.archive.record import RecordEntry, entry_for, format_record, is_bytecode_cache, parse_record


def test_record_is_read_and_written_as_csv() -> None:
    """Otherwise a path with a comma or a quote is split."""
    entries = [RecordEntry('a"b,c.py', "sha256=x", "1"), RecordEntry("a.py", "", "")]

    text = format_record(entries)

    assert text == b'"a""b,c.py",sha256=x,1\na.py,,\n'
    assert list(parse_record(text.decode())) == entries


def test_rows_are_written_sorted() -> None:
    """Otherwise two builds of one plan differ."""
    entries = [RecordEntry(path, "", "") for path in ("b", "a", "a/b", "B")]

    assert format_record(entries) == format_record(reversed(entries)) == b"B,,\na,,\na/b,,\nb,,\n"


def test_rows_without_three_fields_are_skipped() -> None:
    """Otherwise a blank line at the end of RECORD becomes a file."""
    assert [entry.path for entry in parse_record("a,,\r\n\r\nb\r\nc,,,\r\nd,,\r\n")] == ["a", "d"]


def test_entry_has_hash_and_size_in_the_notation_of_the_specification() -> None:
    """Otherwise tools that read RECORD report a broken installation."""
    assert entry_for("a", b"") == RecordEntry("a", "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", "0")


def test_bytecode_caches_are_files_in_pycache_folders() -> None:
    """Otherwise files of a package are left out, or caches of the interpreter are kept."""
    assert is_bytecode_cache("app/__pycache__/a.cpython-312.pyc")
    assert is_bytecode_cache("__pycache__/a.txt")
    assert not is_bytecode_cache("app/compiled.pyc")
    assert not is_bytecode_cache("app/__pycache__")
