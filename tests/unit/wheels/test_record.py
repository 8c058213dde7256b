"""RECORD as the installers of Python packages write and read it."""

from __future__ import annotations

from pulumi_poetry_layer.wheels.record import RecordEntry, entry_for, format_record, is_bytecode_cache, parse_record


def test_record_is_read_and_written_as_csv() -> None:
    """A path with a comma or a quote would be torn apart."""
    entries = [RecordEntry('a"b,c.py', "sha256=x", "1"), RecordEntry("a.py", "", "")]

    text = format_record(entries)

    assert text == b'"a""b,c.py",sha256=x,1\na.py,,\n'
    assert list(parse_record(text.decode())) == entries


def test_rows_are_sorted_whatever_their_order() -> None:
    """Two builds of one plan would differ."""
    entries = [RecordEntry(path, "", "") for path in ("b", "a", "a/b", "B")]

    assert format_record(entries) == format_record(reversed(entries)) == b"B,,\na,,\na/b,,\nb,,\n"


def test_rows_of_another_length_are_passed_over() -> None:
    """A blank line at the end of RECORD would be taken for a file."""
    assert [entry.path for entry in parse_record("a,,\r\n\r\nb\r\nc,,,\r\nd,,\r\n")] == ["a", "d"]


def test_an_entry_tells_hash_and_size_as_the_specification_writes_them() -> None:
    """``pip check`` and importlib.metadata would find a broken installation."""
    assert entry_for("a", b"") == RecordEntry("a", "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", "0")


def test_what_counts_as_a_bytecode_cache() -> None:
    """A package's own files would be left out, or the interpreter's kept."""
    assert is_bytecode_cache("app/__pycache__/a.cpython-312.pyc")
    assert is_bytecode_cache("__pycache__/a.txt")
    assert not is_bytecode_cache("app/compiled.pyc")
    assert not is_bytecode_cache("app/__pycache__")
