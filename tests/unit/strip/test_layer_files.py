"""The files of a layer without tests, stubs and sources."""

from __future__ import annotations

from pulumi_poetry_layer.archive.members import BytesContent, Member, content_bytes
from pulumi_poetry_layer.archive.record import RecordEntry, entry_for, format_record, parse_record, record_path
from pulumi_poetry_layer.strip.kinds import KINDS
from pulumi_poetry_layer.strip.layer_files import strip_layer


def distribution(name: str, files: dict[str, bytes]) -> list[Member]:
    """The files of a distribution with a RECORD."""
    record = f"{name}-1.0.dist-info/RECORD"
    rows = [*(entry_for(path, data) for path, data in files.items()), RecordEntry(record, "", "")]
    contents = {**files, record: format_record(rows)}
    return [Member(f"python/{path}", name, BytesContent(data)) for path, data in contents.items()]


APP = distribution("app", {"app/__init__.py": b"", "app/tests/test_a.py": b"", "app/a.pyi": b""})


def names(members: list[Member]) -> list[str]:
    """Their paths without the .dist-info folders."""
    return sorted(record_path(member.name) for member in members if ".dist-info" not in member.name)


def test_record_lists_exactly_the_files_that_remain() -> None:
    """Tools that read RECORD in the function would look for missing files."""
    members = strip_layer(APP, KINDS)
    (record,) = (content_bytes(member.content) for member in members if member.name.endswith("/RECORD"))
    assert sorted(row.path for row in parse_record(record.decode())) == ["app-1.0.dist-info/RECORD", "app/__init__.py"]
    assert sorted(record_path(m.name) for m in members) == ["app-1.0.dist-info/RECORD", "app/__init__.py"]


def test_without_kinds_nothing_changes() -> None:
    """A layer must not change when a release adds the argument."""
    assert strip_layer(APP, ()) == APP


def test_tests_that_another_distribution_imports_stay() -> None:
    """The other distribution would fail on import."""
    user = distribution("user", {"user.py": b"from app.tests.test_a import x\n"})
    assert names(strip_layer([*APP, *user], KINDS)) == ["app/__init__.py", "app/tests/test_a.py", "user.py"]
    stranger = distribution("stranger", {"stranger.py": b"from app.testsuite import x\n"})
    assert names(strip_layer([*APP, *stranger], KINDS)) == ["app/__init__.py", "stranger.py"]


def test_file_outside_of_site_packages_stays() -> None:
    """Libraries and programs in lib/ and bin/ are no tests."""
    member = Member("bin/tests/test_a.py", "app", BytesContent(b""))
    assert member in strip_layer([*APP, member], KINDS)
