"""From a site-packages folder to the members of a layer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from samples.elf import elf

from pulumi_poetry_layer.archive.members import BytesContent, FileContent, Member
from pulumi_poetry_layer.archive.record import entry_for, parse_record
from pulumi_poetry_layer.builders.poetry.site_packages import read_site_packages
from pulumi_poetry_layer.errors import MultipleInputError, VerificationError
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity, BuildPlan, Choice, PlannedPackage
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.locked import LockedFile


def plan_of(**versions: str) -> BuildPlan:
    """A plan of packages from an index."""
    packages = tuple(
        PlannedPackage(name=name, version=version, file=LockedFile(f"{name}.whl", "sha256:0"), source=None)
        for name, version in sorted(versions.items())
    )
    return BuildPlan(
        target=Target("python3.12", "x86_64"),
        builder=BuilderIdentity(kind="test"),
        choice=Choice(),
        packages=packages,
        excluded=(),
    )


def install(folder: Path, name: str, version: str, files: dict[str, bytes], *, executable: str | None = None) -> None:
    """Write the files of a distribution as an installer does."""
    dist_info = f"{name}-{version}.dist-info"
    everything = {
        **files,
        f"{dist_info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{dist_info}/INSTALLER": b"Poetry 2.5.1",
        f"{dist_info}/direct_url.json": b"{}",
    }
    rows = []
    for path, data in everything.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        target.chmod(0o755 if path == executable else 0o600)
        entry = entry_for(path, data)
        rows.append(f"{entry.path},{entry.digest},{entry.size}")
    rows.append(f"{dist_info}/RECORD,,")
    (folder / dist_info / "RECORD").write_text("\n".join(rows) + "\n")


def members_of(site_packages: Path, plan: BuildPlan) -> list[Member]:
    """The members of a layer of which Poetry has installed every file in the right order."""

    def install_alone(package: PlannedPackage) -> Path:
        raise AssertionError(f"{package.name} must not be installed again")

    return read_site_packages(site_packages, plan, install_alone)


def by_name(members: list[Member]) -> dict[str, Member]:
    """Members by their path in the layer."""
    return {member.name: member for member in members}


@pytest.fixture
def site_packages(tmp_path: Path) -> Path:
    """A site-packages folder with one distribution that has all kinds of files."""
    folder = tmp_path / "lib" / "python3.12" / "site-packages"
    files = {
        "demo/__init__.py": b"x = 1\n",
        "demo/tool.sh": b"#!/bin/sh\n",
        "demo/__pycache__/__init__.cpython-312.pyc": b"code",
        "../../../bin/demo": b"#!/home/me/.venv/bin/python\n",
    }
    install(folder, "demo", "1.0", files, executable="demo/tool.sh")
    (folder / "_virtualenv.py").write_text("bootstrap")
    return folder


def test_bytecode_scripts_and_files_of_the_environment_are_left_out(site_packages: Path) -> None:
    """Otherwise bytecode, and scripts with paths of this host, are in the layer."""
    members = by_name(members_of(site_packages, plan_of(demo="1.0")))
    assert sorted(members) == [
        "python/demo-1.0.dist-info/INSTALLER",
        "python/demo-1.0.dist-info/METADATA",
        "python/demo-1.0.dist-info/RECORD",
        "python/demo/__init__.py",
        "python/demo/tool.sh",
    ]
    assert {member.distribution for member in members.values()} == {"demo"}
    assert members["python/demo/tool.sh"].executable
    assert not members["python/demo/__init__.py"].executable


@pytest.mark.parametrize("path", ["", ".", "/etc/passwd", "../../x"])
def test_path_in_record_that_names_no_file_in_site_packages_is_left_out(site_packages: Path, path: str) -> None:
    """Otherwise a distribution puts a file of the host into the layer, or the user gets a traceback."""
    record = site_packages / "demo-1.0.dist-info" / "RECORD"
    record.write_text(f'{record.read_text()}\n"{path}",,\n')
    members = by_name(members_of(site_packages, plan_of(demo="1.0")))
    assert sorted(members)[-1] == "python/demo/tool.sh"
    assert len(members) == 5


def test_record_lists_exactly_the_files_in_the_layer(site_packages: Path) -> None:
    """Otherwise tools that read RECORD in the function look for missing files, or find wrong digests."""
    members = by_name(members_of(site_packages, plan_of(demo="1.0")))
    record = members["python/demo-1.0.dist-info/RECORD"].content
    assert isinstance(record, BytesContent)
    rows = dict(line.split(",", 1) for line in record.data.decode().splitlines())
    assert {f"python/{path}" for path in rows} == set(members)
    for name, member in members.items():
        path = name.removeprefix("python/")
        if isinstance(member.content, FileContent):
            entry = entry_for(path, member.content.path.read_bytes())
            assert rows[path] == f"{entry.digest},{entry.size}"
    installer = members["python/demo-1.0.dist-info/INSTALLER"].content
    assert isinstance(installer, BytesContent)
    assert b"2.5.1" not in installer.data


def test_difference_from_the_plan_is_an_error_with_every_package(site_packages: Path) -> None:
    """Otherwise the layer does not match its fingerprint."""
    install(site_packages, "extra", "2.0", {"extra.py": b""})
    with pytest.raises(MultipleInputError) as caught:
        members_of(site_packages, plan_of(demo="1.1", missing="3.0"))
    text = str(caught.value)
    assert "demo 1.1: is planned, but Poetry has installed 1.0" in text
    assert "missing 3.0: is planned, but Poetry has not installed it" in text
    assert "extra 2.0: is not planned, but Poetry has installed it" in text


def test_version_in_another_spelling_is_accepted(site_packages: Path) -> None:
    """Otherwise a package with 1.0.0 in the lock file and 1.0 in the wheel cannot be built."""
    assert members_of(site_packages, plan_of(demo="1.0.0"))


def test_missing_file_that_record_lists_is_an_error(site_packages: Path) -> None:
    """Otherwise a half-installed package is published."""
    (site_packages / "demo" / "__init__.py").unlink()
    with pytest.raises(VerificationError, match="its RECORD lists a file that does not exist: demo/__init__"):
        members_of(site_packages, plan_of(demo="1.0"))


def test_symlink_is_refused(site_packages: Path) -> None:
    """Otherwise a file from outside the environment gets into the layer."""
    (site_packages / "demo" / "__init__.py").unlink()
    (site_packages / "demo" / "__init__.py").symlink_to("/etc/hostname")
    with pytest.raises(VerificationError, match="its RECORD lists something else than a file"):
        members_of(site_packages, plan_of(demo="1.0"))


def test_native_files_outside_of_site_packages_are_in_the_layer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise a layer with tbb or mkl has no library in it, and the wheels builder builds another layer."""
    folder = tmp_path / ".venv" / "lib" / "python3.12" / "site-packages"
    files = {
        "../../../lib/libtbb.so.12": elf("x86_64"),
        "../../../bin/tool": elf("x86_64"),
        "../../../bin/console": b"#!/tmp/x/.venv/bin/python\n",
        "../../../bin/shell": b"#!/bin/sh\n",
        "../../../include/site/python3.12/demo/demo.h": b"int a;",
        "../../../share/doc/demo.txt": b"manual",
        "../../../../outside.so": elf("x86_64"),
    }
    install(folder, "demo", "1.0", files)

    members = by_name(members_of(folder, plan_of(demo="1.0")))

    outside = {name: member.executable for name, member in members.items() if not name.startswith("python/")}
    assert outside == {"lib/libtbb.so.12": False, "bin/tool": True, "bin/shell": True}
    record = members["python/demo-1.0.dist-info/RECORD"].content
    assert isinstance(record, BytesContent)
    assert record.data.decode().splitlines()[1].startswith("../bin/tool,sha256=")
    assert caplog.messages == ["demo 1.0: the layer does not have share/doc/demo.txt: on Lambda nothing looks there"]


def test_metadata_that_is_not_utf_8_is_read(site_packages: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise a package that Poetry installs ends the build with a traceback."""
    metadata = site_packages / "demo-1.0.dist-info" / "METADATA"
    metadata.write_bytes(metadata.read_bytes() + b"Author: M\xfcller\n")

    assert members_of(site_packages, plan_of(demo="1.0"))
    assert caplog.messages == ["demo 1.0: its METADATA is not UTF-8"]


def test_installed_distribution_without_metadata_is_read(site_packages: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise a package that Poetry installs ends the build with a traceback."""
    folder = site_packages / "demo-1.0.dist-info"
    (folder / "METADATA").unlink()
    record = (folder / "RECORD").read_text().splitlines(keepends=True)
    (folder / "RECORD").write_text("".join(line for line in record if "METADATA" not in line))

    assert members_of(site_packages, plan_of(demo="1.0"))
    assert caplog.messages == ["demo 1.0: it has no METADATA"]


def test_file_of_two_distributions_is_that_of_the_last_one_and_every_record_is_true(tmp_path: Path) -> None:
    """Otherwise RECORD of one of the two distributions lists the hash of a file that is not there."""
    folder = tmp_path / ".venv" / "lib" / "python3.12" / "site-packages"
    for name in ("app", "lib", "zed"):  # the last one remains
        install(folder, name, "1", {"tests/a.py": name[:2].encode(), "shared.py": b"same", f"{name}.py": b""})

    members = members_of(folder, plan_of(app="1", lib="1", zed="1"))

    found = [(member.distribution, member.replaces) for member in members if member.name == "python/tests/a.py"]
    assert found == [("zed", ("app", "lib"))]
    assert [member.distribution for member in members if member.name == "python/shared.py"] == ["app", "lib", "zed"]
    for name in ("app", "lib", "zed"):
        record = by_name(members)[f"python/{name}-1.dist-info/RECORD"].content
        assert isinstance(record, BytesContent)
        assert entry_for("tests/a.py", b"ze") in parse_record(record.data.decode())


def test_overwritten_file_is_taken_from_an_environment_of_its_own(tmp_path: Path) -> None:
    """Otherwise two builds of one fingerprint give different layers: Poetry installs several packages at once."""
    folder = tmp_path / ".venv" / "lib" / "python3.12" / "site-packages"
    for name in ("zed", "lib", "app"):
        install(folder, name, "1", {"tests/a.py": name.encode(), f"{name}.py": b"first"})
    asked = []

    def install_alone(package: PlannedPackage) -> Path:
        asked.append(package.name)
        alone = tmp_path / package.name / ".venv" / "lib" / "python3.12" / "site-packages"
        install(alone, package.name, "1", {"tests/a.py": b"built again", f"{package.name}.py": b"second"})
        return alone

    members = by_name(read_site_packages(folder, plan_of(app="1", lib="1", zed="1"), install_alone))

    assert asked == ["zed"]
    shared, own = members["python/tests/a.py"], members["python/zed.py"]
    assert isinstance(shared.content, FileContent)
    assert isinstance(own.content, FileContent)
    assert shared.content.path.read_bytes() == b"built again"
    assert (shared.distribution, shared.replaces) == ("zed", ("app", "lib"))
    assert own.content.path.read_bytes() == b"first"
    for name in ("app", "lib", "zed"):
        record = members[f"python/{name}-1.dist-info/RECORD"].content
        assert isinstance(record, BytesContent)
        assert entry_for("tests/a.py", b"built again") in parse_record(record.data.decode())


@pytest.mark.parametrize(("other", "replaced"), [(b"# nothing\n", ()), (b"x = 1\n", ("app",))])
def test_files_that_only_extend_the_path_of_a_package_do_not_conflict(
    tmp_path: Path, other: bytes, replaced: tuple[str, ...]
) -> None:
    """Otherwise `on_conflict="error"` refuses a layer that the wheels builder builds."""
    contents = {"app": other, "lib": b"__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"}
    folder = tmp_path / ".venv" / "lib" / "python3.12" / "site-packages"
    for name, content in contents.items():
        install(folder, name, "1", {"ns/__init__.py": content})

    def install_alone(package: PlannedPackage) -> Path:
        alone = tmp_path / package.name / ".venv" / "lib" / "python3.12" / "site-packages"
        install(alone, package.name, "1", {"ns/__init__.py": contents[package.name]})
        return alone

    members = by_name(read_site_packages(folder, plan_of(app="1", lib="1"), install_alone))

    assert members["python/ns/__init__.py"].replaces == replaced


def test_files_of_the_chosen_kinds_are_left_out(tmp_path: Path) -> None:
    """The local and the container builder would give a larger layer than the wheels builder."""
    folder = tmp_path / "lib" / "python3.12" / "site-packages"
    install(folder, "demo", "1.0", {"demo/__init__.py": b"", "demo/tests/test_a.py": b"", "demo/a.pyi": b""})
    members = by_name(members_of(folder, replace(plan_of(demo="1.0"), strip=("stubs", "tests"))))
    assert [name for name in members if ".dist-info" not in name] == ["python/demo/__init__.py"]
    record = members["python/demo-1.0.dist-info/RECORD"].content
    assert isinstance(record, BytesContent)
    assert {f"python/{row.path}" for row in parse_record(record.data.decode())} == set(members)
