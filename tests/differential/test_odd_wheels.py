"""Tests that odd wheels and packages with the same files give the same layer in the wheels and the local builder."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import tomli_w
from samples import Package, lock_text
from samples.elf import elf
from samples.sources import source_tree
from samples.wheels import WheelSample, record_hash

from pulumi_poetry_layer.archive.record import entry_for, layer_name, parse_record
from pulumi_poetry_layer.builders.builder import Builder
from pulumi_poetry_layer.builders.local import LocalBuilder
from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.layer.build import build_request
from pulumi_poetry_layer.layer.request import LayerRequest

from .conftest import find_poetry
from .hosts import give_up

RUNTIME = "python{}.{}".format(*sys.version_info[:2])
NAMESPACE = b"__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"

SAMPLES = (
    WheelSample(
        name="aaa",
        files={
            "tests/a.py": b"of aaa",
            "tests/b.py": b"of aaa",
            "ns/__init__.py": NAMESPACE,
            "ns/a.py": b"",
            "same.py": b"",
        },
    ),
    WheelSample(name="a-b", files={"tests/a.py": b"of a-b", "a_b.py": b"", "tests/__init__.py": b"x = 1\n"}),
    WheelSample(name="zzz", files={"tests/a.py": b"of zzz", "ns/__init__.py": b"", "ns/z.py": b"", "same.py": b""}),
    WheelSample(
        name="bad-record",
        files={"bad/a.py": b"a", "bad/b.py": b"b", "bad/c.py": b"c", "bad/d.py": b"d", "bad/e.py": b"e"},
        record={
            "bad/a.py": None,
            "bad/b.py": "bad/b.py,,",
            "bad/c.py": f"bad/c.py,{record_hash(b'c', 'md5')},1",
            "bad/d.py": "bad/d.py,sha256=AAAA,7",
            "bad/e.py": f"bad/e.py,{record_hash(b'e')},1\nbad/e.py,{record_hash(b'e')},1",
        },
    ),
    WheelSample(
        name="latin",
        files={"latin.py": b""},
        dist_info={"METADATA": b"Metadata-Version: 2.1\nName: latin\nVersion: 1.0\nAuthor: M\xfcller\n"},
    ),
    WheelSample(name="nameless", files={"nameless.py": b""}, dist_info={"METADATA": b"Metadata-Version: 2.1\n"}),
    WheelSample(name="twice", files={"twice.py": b"x"}, extra=[(zipfile.ZipInfo("twice.py"), b"x")]),
    WheelSample(
        name="data-so", files={"data_so/helper_arm.so": elf("aarch64", "GLIBC_2.40"), "data_so/__init__.py": b""}
    ),
    WheelSample(
        name="outside",
        files={
            "outside.py": b"",
            "outside-1.0.data/data/lib/libout.so.2": elf("x86_64"),
            "outside-1.0.data/data/lib/libout.so": b"INPUT(libout.so.2)",
            "outside-1.0.data/data/bin/native": elf("x86_64"),
            "outside-1.0.data/scripts/tool": elf("x86_64"),
            "outside-1.0.data/scripts/script": b"#!python\nimport outside\n",
            "outside-1.0.data/scripts/shell": b"#!/bin/sh\n",
            "outside-1.0.data/data/share/doc.txt": b"text",
            "outside-1.0.data/headers/out.h": b"int a;",
        },
        dist_info={"entry_points.txt": b"[console_scripts]\nconsole = outside:main\n"},
    ),
)


def git_dependency(folder: Path) -> tuple[str, str]:
    """Make a git dependency with files that other packages have too; Poetry installs it last. URL and commit."""
    folder.mkdir()
    for path, text in source_tree("aab", {"tests/a.py": "of aab", "tests/b.py": "of aab"}).items():
        (folder / path).write_text(text)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.invalid"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    found = subprocess.run([*git, "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True)
    return folder.as_uri(), found.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that depends on the samples by their paths."""
    folder = tmp_path / "project"
    (folder / "wheels").mkdir(parents=True)
    locked = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile warns of a member that is there twice
        for sample in SAMPLES:
            (folder / "wheels" / sample.file_name).write_bytes(sample.data())
            source = {"type": "file", "url": f"wheels/{sample.file_name}"}
            files = [{"file": sample.file_name, "hash": sample.hash}]
            locked.append(Package(name=sample.name, source=source, other_keys={"files": files}))
    dependencies = {sample.name: {"path": f"wheels/{sample.file_name}"} for sample in SAMPLES}
    url, commit = git_dependency(tmp_path / "aab")
    dependencies["aab"] = {"git": url, "rev": commit}
    source = {"type": "git", "url": url, "reference": commit, "resolved_reference": commit}
    locked.append(Package(name="aab", files=[], source=source))
    pyproject = tomli_w.dumps(
        {
            "project": {"name": "service", "version": "1.0", "requires-python": ">=3.9"},
            "tool": {"poetry": {"package-mode": False, "dependencies": dependencies}},
        }
    )
    (folder / "pyproject.toml").write_text(pyproject)
    (folder / "poetry.lock").write_text(lock_text(pyproject, locked))
    return folder


def layer(project: Path, builder: Builder, output: Path) -> Mapping[str, tuple[bytes, bool]]:
    """Build a layer; path → content and executable bit."""
    request = LayerRequest(project_dir=project, runtime=RUNTIME, builder=builder)
    build_request(request, output)
    with zipfile.ZipFile(output) as archive:
        return {
            info.filename: (archive.read(info), bool(info.external_attr >> 16 & 0o100)) for info in archive.infolist()
        }


def test_odd_wheels_give_the_same_layer_in_both_builders(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A user who changes the builder would get other files, or a package that Poetry installs would be refused."""
    poetry = find_poetry()
    if poetry is None:
        give_up("Poetry is not installed; run `make setup`")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    caplog.set_level(logging.WARNING, "pulumi_poetry_layer")

    ours = layer(project, WheelBuilder(cache_dir=str(tmp_path / "cache")), tmp_path / "wheels.zip")
    warned = list(caplog.messages)
    caplog.clear()
    theirs = layer(project, LocalBuilder(poetry=str(poetry)), tmp_path / "local.zip")

    assert sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)) == []
    assert {name for name in ours if not name.startswith("python/")} == {
        "lib/libout.so.2",
        "bin/native",
        "bin/shell",
        "bin/tool",
    }
    assert ours["python/tests/a.py"][0] == b"of zzz"
    assert ours["python/tests/b.py"][0] == b"of aab"
    for name, (content, _) in ours.items():
        if name.endswith(".dist-info/RECORD"):
            for row in parse_record(content.decode()):
                if not row.path.endswith("/RECORD"):
                    assert row == entry_for(row.path, ours[layer_name(row.path)][0])
    conflicts = [message for message in warned if "with different contents" in message]
    assert [message.partition(" both")[0] for message in conflicts] == [
        "aaa and aab",
        "a-b and zzz",
        "aaa and zzz",
        "aab and zzz",
    ]
    assert {message.partition(" 1.0: ")[0] for message in warned} - set(conflicts) == {
        "bad-record",
        "latin",
        "nameless",
        "outside",
        "twice",
    }
    left_out = "outside 1.0: the layer does not have lib/libout.so, share/doc.txt: on Lambda nothing looks there"
    assert left_out in warned
    assert {left_out, "latin 1.0: its METADATA is not UTF-8"} <= set(caplog.messages)
    assert [message for message in caplog.messages if "with different contents" in message] == conflicts
    assert any("bad_record" in message and "RECORD" in message for message in caplog.messages)
