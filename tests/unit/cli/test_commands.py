"""The command line: exit codes, JSON keys, standard output and standard error."""

from __future__ import annotations

import io
import json
import platform
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from samples import PROJECT, PROJECTS, Package, lock_text
from samples.elf import elf
from samples.index import Index, serve
from samples.layers import installed, write_zip
from samples.wheels import WheelSample

from pulumi_poetry_layer.builders.container import docker_cache
from pulumi_poetry_layer.builders.container.docker_cache import DockerCacheEntry
from pulumi_poetry_layer.cli import main, output
from pulumi_poetry_layer.cli.commands import build as build_command
from pulumi_poetry_layer.cli.commands import invoke as invoke_command
from pulumi_poetry_layer.emulator.answers import Answer, FunctionError
from pulumi_poetry_layer.errors import BuildError
from pulumi_poetry_layer.host.build_log import warn
from pulumi_poetry_layer.host.cache import cache_folder, make_cache_folder
from pulumi_poetry_layer.layer.artifact import LayerArtifact, PackageSize

BASE = ["--project-dir", str(PROJECTS / "base"), "--runtime", "python3.12"]


def test_plan_with_json_prints_only_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise scripts that read the plan break."""
    arguments = [*BASE, "--architecture", "arm64", "--extra", "yaml", "--exclude", "idna", "--json"]
    assert main(["plan", *arguments]) == 0
    printed = capsys.readouterr()
    plan = json.loads(printed.out)
    assert printed.err == ""
    assert list(plan) == ["fingerprint", "target", "builder", "packages", "excluded"]
    assert plan["target"] == {"runtime": "python3.12", "architecture": "arm64"}
    assert len(plan["fingerprint"]) == 64
    assert [package["name"] for package in plan["packages"]] == ["pyyaml", "six"]
    pyyaml = plan["packages"][0]
    assert list(pyyaml) == ["name", "version", "file", "sha256", "source"]
    assert pyyaml["file"] == "PyYAML-6.0.2-cp312-cp312-manylinux_2_17_aarch64.manylinux2014_aarch64.whl"
    assert len(pyyaml["sha256"]) == 64
    assert plan["excluded"] == [{"name": "idna", "version": "3.10", "reason": "excluded"}]


def test_plan_with_json_has_no_sha256_for_a_file_that_is_locked_with_another_hash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a script compares a sha256 with an MD5 digest."""
    md5 = f"md5:{'0' * 32}"
    package = Package(name="app", other_keys={"files": [{"file": "app-1.0-py3-none-any.whl", "hash": md5}]})
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "poetry.lock").write_text(lock_text(PROJECT, [package]))

    assert main(["plan", "--project-dir", str(tmp_path), "--runtime", "python3.12", "--json"]) == 0

    (planned,) = json.loads(capsys.readouterr().out)["packages"]
    assert (planned["sha256"], planned["hash"]) == (None, md5)


def test_plan_lists_packages_and_fingerprint(capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a user needs a script to read the plan."""
    assert main(["plan", *BASE, "--group", "debug"]) == 0
    printed = capsys.readouterr().out
    assert "iniconfig  2.0.0    universal  PyPI  iniconfig-2.0.0-py3-none-any.whl  group debug\n" in printed
    assert "six" not in printed
    assert "1 package for python3.12 on x86_64\nfingerprint " in printed


NEWER = {"lock-version": "2.2"}


def test_plan_prints_warnings_about_the_input_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise nobody learns that a lock file may be read wrongly, or a script reads the warning as JSON."""
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "poetry.lock").write_text(lock_text(PROJECT, [Package(name="app")], metadata=NEWER))
    assert main(["plan", "--project-dir", str(tmp_path), "--runtime", "python3.12", "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.err.startswith("warning: poetry.lock: lock version 2.2 is newer than 2.1")
    assert [package["name"] for package in json.loads(printed.out)["packages"]] == ["app"]


def test_plan_is_for_the_patch_release_in_the_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a project that names a patch release cannot be planned on the command line."""
    project = PROJECT.replace(">=3.9", "==3.12.1")
    (tmp_path / "pyproject.toml").write_text(project)
    (tmp_path / "poetry.lock").write_text(lock_text(project, [Package(name="app")]))
    base = ["plan", "--project-dir", str(tmp_path), "--runtime", "python3.12"]
    assert main(base) == 1
    assert "--python-patch" in capsys.readouterr().err
    assert main([*base, "--python-patch", "3.12.1"]) == 0
    assert "app   1.0" in capsys.readouterr().out


@pytest.mark.parametrize("options", [[], ["--json"], ["--size"]])
def test_plan_shows_its_warnings_once_on_standard_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str]
) -> None:
    """A user would not know that the lock file selects two versions of a package, or a script could not read it."""
    packages = [Package(name="app", version="1.0"), Package(name="app", version="2.0")]
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "poetry.lock").write_text(lock_text(PROJECT, packages))

    assert main(["plan", "--project-dir", str(tmp_path), "--runtime", "python3.12", *options]) == 0

    printed = capsys.readouterr()
    assert printed.err.startswith("warning: poetry.lock selects 1.0 and 2.0 of app for the target; the layer has 2.0, ")
    assert printed.err.count("warning") == 1
    assert "warning" not in printed.out


def test_plan_with_size_shows_the_expected_size(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Otherwise a CI job without Pulumi must build a layer to find out whether it is within the limits."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path))
    six = WheelSample(name="six", version="1.16.0", tag="py2.py3-none-any", files={"six.py": bytes(500_000)})
    with serve(Index(files={six.file_name: six.data()})) as index:
        monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", index.url)
        assert main(["plan", *BASE, "--exclude", "idna", "--size"]) == 0
        *table, size_line, limits = capsys.readouterr().out.splitlines()
        assert table[:2] == ["name  version  unzipped   share", "six   1.16.0    0.5 MiB  100.0%"]
        assert size_line.startswith("about ")
        assert size_line.endswith(" MiB zipped, 0.5 MiB unzipped")
        assert limits == "0% of 50 MiB zipped (limit without S3), 0% of 250 MiB unzipped"
        assert main(["plan", *BASE, "--size", "--json"]) == 0
    size = json.loads(capsys.readouterr().out)["expected_size"]
    assert size.pop("unzipped_size") == size.pop("packages")["six"] > 500_000
    assert size.pop("size") > 0
    assert size == {"exact": False, "unknown": ["idna"]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--group", "nope"], "--group: unknown group 'nope'\n  hint: known groups: debug, dev, main"),
        (["--runtime", "python2.7"], "--runtime: unsupported runtime 'python2.7'"),
        (["--runtime", "3.12"], "--runtime: unsupported runtime '3.12'\n  hint: did you mean 'python3.12'?"),
        (
            ["--architecture", "aarch64"],
            "--architecture: unsupported architecture 'aarch64'\n  hint: AWS calls it 'arm64'",
        ),
        (["--extra", "yam"], "--extra: unknown extra 'yam'\n  hint: did you mean 'yaml'?"),
        (["--exclude", "idn"], "--exclude: unknown distribution 'idn'\n  hint: did you mean 'idna'?"),
        (["--system-library", "a/b"], "--system-library: 'a/b' is not the file name of a library"),
        (["--python-patch", "3.11.4"], "--python-patch: '3.11.4' is not a patch release of python3.12"),
        (["--project-dir", "nowhere"], "poetry.lock: no such file"),
        (["--project-dir", "nowhere"], "hint: set --project-dir to the folder of a Poetry project"),
    ],
)
def test_wrong_input_exits_with_1_and_a_message_on_stderr(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a CI job continues after a failure, or its log does not contain the reason."""
    assert main(["plan", *BASE, *arguments, "--json"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err


@pytest.mark.parametrize("arguments", [["inspect"], ["cache", "grow"], ["cache", "dir", "--docker"]])
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a typo in a script looks like a failed build."""
    assert main(arguments) == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["plan", "-C"]])
def test_command_line_that_is_not_clear_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a typo in a script looks like a failed build."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_failed_build_exits_with_1_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the next step of a script publishes an incomplete layer."""
    monkeypatch.setenv("PATH", str(tmp_path))
    output = tmp_path / "layer.zip"
    arguments = [*BASE, "--runtime", "python{}.{}".format(*sys.version_info[:2]), "--builder", "local"]
    assert main(["build", *arguments, "--output", str(output)]) == 1
    assert list(tmp_path.iterdir()) == []


class Screen(io.StringIO):
    """A standard error that says when a text has been written to it."""

    def __init__(self, text: str, *, terminal: bool) -> None:
        super().__init__()
        self._text = text
        self._terminal = terminal
        self.has_text = Event()

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> int:
        written = super().write(text)
        if self._text in self.getvalue():
            self.has_text.set()
        return written


@pytest.mark.parametrize("terminal", [False, True])
def test_build_shows_its_progress_until_it_is_done(
    terminal: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a user sees nothing while 81 MB are downloaded, or the line stays on the terminal."""
    app = WheelSample(name="app")
    screen = Screen("0 of 1 package, 0.0 of 0.0 MiB", terminal=terminal)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(output, "_LIVE_SECONDS", 0.01)
    monkeypatch.setenv("PULUMI_POETRY_LAYER_PROGRESS_SECONDS", "0.01")
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")

    def answer(output: BufferedIOBase) -> None:
        screen.has_text.wait()
        output.write(b"HTTP/1.0 200 OK\r\n\r\n" + app.data())

    lock = lock_text(PROJECT, [Package(name="app", other_keys={"files": [{"file": app.file_name, "hash": app.hash}]})])
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "poetry.lock").write_text(lock)
    files = {app.file_name: app.data()}
    with serve(Index(files=files, sizes=True, answers={f"/files/{app.file_name}": [answer]})) as index:
        monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", index.url)
        assert (
            main(
                [
                    "build",
                    "--project-dir",
                    str(tmp_path),
                    "--runtime",
                    "python3.12",
                    "-o",
                    str(tmp_path / "layer.zip"),
                    "--json",
                ]
            )
            == 0
        )
    shown = screen.getvalue()
    if terminal:
        assert shown.endswith("\x1b[1F\x1b[J"), "nothing stays on the terminal"
    else:
        lines = [line for line in shown.splitlines() if not line.startswith("writing the zip")]
        assert {re.sub("[01] of 1 package(, 0.0 of 0.0 MiB)?", "", line) for line in lines} == {""}
    assert json.loads(capsys.readouterr().out)["packages"][0]["name"] == "app"


def test_inspect_lists_the_packages_in_a_zip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a user cannot find out what a published layer contains."""
    layer = tmp_path / "layer.zip"
    with zipfile.ZipFile(layer, "w") as archive:
        archive.writestr("python/demo.py", "x" * 100)
        archive.writestr("python/demo-1.0.dist-info/METADATA", "Name: Demo\nVersion: 1.0\n")
        archive.writestr("python/demo-1.0.dist-info/RECORD", "demo.py,,\ndemo-1.0.dist-info/METADATA,,\n../bin/x,,\n")
    assert main(["inspect", str(layer), "--json"]) == 0
    layer_json = json.loads(capsys.readouterr().out)
    assert layer_json["size"] == layer.stat().st_size
    assert [(p["name"], p["version"], p["files"], p["unzipped_size"]) for p in layer_json["packages"]] == [
        ("demo", "1.0", 3, 175)
    ]
    assert main(["inspect", str(layer)]) == 0
    assert "demo  1.0          3  <0.01 MiB  <0.01 MiB  100.0%\n" in capsys.readouterr().out


def test_inspect_says_what_is_doubtful_and_which_runtimes_a_layer_is_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a user finds out in the function that a layer of another tool does not load."""
    native = {"demo/a.cpython-312-x86_64-linux-gnu.so": elf("x86_64"), "demo/tests/a.txt": b"1"}
    layer = write_zip(tmp_path / "layer.zip", installed("demo", native), {"python/loose.txt": b"22"})
    assert main(["inspect", str(layer)]) == 0
    lines = capsys.readouterr().out
    assert "for python3.12 on x86_64\n" in lines
    assert "tests: demo 1.0, 1 file, <0.01 MiB" in lines
    assert main(["inspect", str(layer), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == [
        *("path", "sha256", "size", "unzipped_size", "packages", "other_files", "other_modules", "targets", "doubts")
    ]
    assert document["other_files"]["unzipped_size"] == 2
    assert [module["name"] for module in document["other_modules"]] == ["loose.txt"]
    assert document["packages"][0]["native_files"] == 1
    assert [target["runtime"] for target in document["targets"] if target["fits"]] == ["python3.12"]
    assert [doubt["kind"] for doubt in document["doubts"]] == ["tests", "unlisted"]


def test_inspect_lists_modules_without_metadata(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise nobody sees what is large in a zip of a tool that removes the metadata."""
    modules = {f"python/module{number}/a.py": b"1" * 2**16 * (number + 1) for number in range(22)}
    layer = write_zip(tmp_path / "layer.zip", modules, {"python/module21/b.py": b"1"})
    assert main(["inspect", str(layer)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    (largest,) = (line for line in lines if line[0] == "module21")
    assert largest[1:4] == ["(no", "metadata)", "2"]
    (rest,) = (line for line in lines if line[1] == "more")
    assert rest[0] == "2"
    assert rest[4:6] == ["2", "<0.01"]
    assert "0.2" in rest


def test_inspect_of_two_zips_says_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise nobody knows why a layer grew."""
    parts = [installed("same", {"same.py": b"1"}), installed("app", {"app.py": b"1"})]
    old = write_zip(tmp_path / "old.zip", *parts, installed("gone", {"gone.py": b"1"}))
    new = write_zip(tmp_path / "new.zip", parts[0], installed("app", {"app.py": b"1" * 200_000}, version="2.0"))
    assert main(["inspect", str(old), str(new)]) == 0
    lines = capsys.readouterr().out
    rows = [line.split() for line in lines.splitlines()]
    assert ["~", "app", "1.0", "→", "2.0"] in [row[:5] for row in rows]
    assert [row[-3:] for row in rows if row[:2] == ["~", "app"]] == [["+2", "-2", "~1"]]
    assert ["-", "gone", "1.0", "<0.01", "MiB", "<0.01", "MiB", "-3"] in rows
    assert "2 packages changed: " in lines
    assert "+0.2 MiB unzipped; now " in lines
    assert "same" not in lines
    assert main(["inspect", str(old), str(new), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == ["old", "new", "size_change", "unzipped_size_change", "packages"]
    assert document["old"]["path"] == str(old)
    assert document["unzipped_size_change"] == document["new"]["unzipped_size"] - document["old"]["unzipped_size"]
    assert [(package["name"], package["change"]) for package in document["packages"]] == [
        ("app", "changed"),
        ("gone", "removed"),
    ]
    assert main(["inspect", str(old), str(new), "--sbom", str(tmp_path / "a.json")]) == 2
    assert "--sbom: describes one layer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "no such file"), (b"not a zip", "cannot be read as a zip: it is a text file")]
)
def test_inspect_refuses_a_file_that_is_missing_or_not_a_zip(
    content: bytes | None, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise the user gets a traceback."""
    layer = tmp_path / "layer.zip"
    if content is not None:
        layer.write_bytes(content)
    assert main(["inspect", str(layer)]) == 1
    assert f"layer.zip: {problem}" in capsys.readouterr().err


def test_verify_lists_what_the_lambda_could_not_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a CI job without Pulumi publishes a layer that fails at the first invocation."""
    layer = tmp_path / "layer.zip"
    with zipfile.ZipFile(layer, "w") as archive:
        archive.writestr("python/a.abi3.so", elf("x86_64", libraries=["libodbc.so.2"]))
        archive.writestr("python/typing.py", "")
    command = ["verify", str(layer), "--runtime", "python3.12"]

    assert main([*command, "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [(finding["severity"], finding["file"]) for finding in findings] == [
        ("error", "python/a.abi3.so"),
        ("warning", "python/typing.py"),
    ]
    assert main(command) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("error: files without a distribution: python/a.abi3.so: needs libodbc.so.2, which")
    assert "python3.12 on x86_64 could not load this layer (1 error)" in shown.err

    assert main([*command, "--system-library", "libodbc.so.2"]) == 0
    assert "python3.12 on x86_64 can load this layer" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        (["--event", "{id: 1}"], "--event: not JSON"),
        (["--env", "STAGE"], "--env: 'STAGE' is not NAME=VALUE"),
        (["--env=--chdir=/"], "--env: '--chdir=/' is not NAME=VALUE"),
        (["--timeout", "901"], "--timeout: '901' is not a number of seconds from 1 to 900"),
    ],
)
def test_wrong_options_of_invoke_are_wrong_usage(
    capsys: pytest.CaptureFixture[str], option: list[str], problem: str
) -> None:
    """Otherwise the function starts, and the user looks for the mistake there."""
    assert main(["invoke", "layer.zip", "--handler", "app.handler", "--task", ".", *option]) == 2
    assert problem in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "exit_code"), [(None, 0), (FunctionError(type="KeyError", message="'id'", stack=("line",)), 1)]
)
def test_answer_of_a_function_is_printed_and_its_error_is_the_exit_code(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: FunctionError | None,
    exit_code: int,
) -> None:
    """Otherwise a script cannot use the answer, or continues after a failure."""
    answer = Answer(value=None if error else {"total": 3}, error=error)
    monkeypatch.setattr(invoke_command, "find_interpreter", lambda _: None)
    monkeypatch.setattr(invoke_command, "invoke_function", lambda *_, **__: answer)
    layer = write_zip(tmp_path / "layer.zip", installed("demo", {"demo.py": b""}))
    command = ["invoke", str(layer), "--runtime", "python3.12", "--handler", "app.handler", "--task", str(tmp_path)]

    assert main(command) == exit_code
    shown = capsys.readouterr()
    assert shown.out == ("" if error else '{"total": 3}\n')
    assert shown.err == ("error: app.handler: KeyError: 'id'\n" if error else "")

    assert main([*command, "--json"]) == exit_code
    document = json.loads(capsys.readouterr().out)
    expected = {"type": "KeyError", "message": "'id'", "stack": ["line"]} if error else None
    assert document == {"answer": answer.value, "error": expected}


def test_verify_says_so_if_this_machine_cannot_import_the_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a user on macOS cannot use the command, or believes that all was imported."""
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    layer = tmp_path / "layer.zip"
    with zipfile.ZipFile(layer, "w") as archive:
        archive.writestr("python/a.py", "1 / 0")

    verify = ["verify", str(layer), "--runtime", "python3.12", "--import"]
    assert main(verify) == 0
    shown = capsys.readouterr()
    assert "warning: the modules of the layer were not imported: emulator: needs Linux with glibc" in shown.err
    assert "as far as that can be seen without running it" in shown.out

    assert main([*verify, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["imported"] is None


def test_cache_commands_show_and_clear_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a full disk cannot be cleaned up, or the command removes other files."""
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    assert main(["cache", "dir"]) == 0
    folder = Path(capsys.readouterr().out.strip())
    make_cache_folder(folder / "wheels")
    (folder / "wheels" / "x.whl").write_bytes(bytes(2_000_000))
    (tmp_path / "mine").touch()
    assert main(["cache", "size"]) == 0
    assert capsys.readouterr().out == "1.9 MiB\n"
    assert main(["cache", "clear"]) == 0
    assert main(["cache", "size"]) == 0
    assert capsys.readouterr().out == f"removed 1 file, 1.9 MiB, from {folder}\n0 MiB\n"
    assert (tmp_path / "mine").exists()


def test_cache_commands_with_json_print_only_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script would have to take a size in MiB apart."""
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path))
    folder = cache_folder("")
    make_cache_folder(folder / "wheels")
    (folder / "wheels" / "x.whl").write_bytes(bytes(2_000_000))

    documents = []
    for action in ("dir", "size", "clear", "size"):
        assert main(["cache", action, "--json"]) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        documents.append(json.loads(printed.out))

    shown = {"folder": str(folder), "size": 2_000_000}
    assert documents == [shown, shown, {**shown, "files": 1, "kept": 0}, {**shown, "size": 0}]


def test_cache_of_docker_is_a_table_or_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user could not see which image takes the space."""
    entries = [DockerCacheEntry("volume", "cache", 2_000_000), DockerCacheEntry("image", "build:0123", 700_000_000)]
    monkeypatch.setattr(docker_cache, "docker_cache", lambda: entries)
    monkeypatch.setattr(docker_cache, "clear_docker_cache", lambda: 702_000_000)

    assert main(["cache", "size", "--docker"]) == 0
    assert capsys.readouterr().out == (
        "kind    name             size\nvolume  cache         1.9 MiB\nimage   build:0123  667.6 MiB\n"
    )
    assert main(["cache", "size", "--docker", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entries"][0] == {"kind": "volume", "name": "cache", "size": 2_000_000}
    assert main(["cache", "clear", "--docker", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"size": 702_000_000}
    assert main(["cache", "clear", "--docker"]) == 0
    assert capsys.readouterr().out == "removed 669.5 MiB from Docker\n"


def test_cache_clear_refuses_a_folder_that_is_not_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise the command removes files of the user."""
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "mine").touch()
    assert main(["cache", "clear"]) == 1
    assert "nothing was removed" in capsys.readouterr().err
    assert (tmp_path / "cache" / "mine").exists()


SIX = WheelSample(name="six", version="1.16.0", files={"six.py": b"a = 1"})
PROJECT_OF_SIX = PROJECT.replace('"app"', '"six"')


@pytest.fixture
def six(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Arguments for a project whose only dependency is on an index here."""
    monkeypatch.setenv("NO_PROXY", "*")
    project = tmp_path / "project"
    project.mkdir()
    files = [{"file": SIX.file_name, "hash": SIX.hash}]
    (project / "pyproject.toml").write_text(PROJECT_OF_SIX)
    (project / "poetry.lock").write_text(
        lock_text(PROJECT_OF_SIX, [Package(name="six", version="1.16.0", other_keys={"files": files})])
    )
    with serve(Index(files={SIX.file_name: SIX.data()})) as index:
        monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", index.url)
        yield ["--project-dir", str(project), "--runtime", "python3.12"]


@pytest.mark.parametrize("option", ["-o", "--output"])
def test_output_to_a_hyphen_writes_only_the_zip_to_standard_output(
    option: str, six: list[str], tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Otherwise the zip cannot be piped into another program, or text is mixed into it."""
    assert main(["build", *six, "--output", str(tmp_path / "layer.zip")]) == 0
    capfdbinary.readouterr()
    assert main(["build", *six, option, "-"]) == 0
    printed = capfdbinary.readouterr()
    assert printed.out == (tmp_path / "layer.zip").read_bytes()
    assert printed.err.startswith(b"standard output: 1 package, ")
    assert not Path("-").exists()


def test_output_to_a_hyphen_with_json_is_a_usage_error(six: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise JSON and zip are mixed."""
    assert main(["build", *six, "--json", "--output", "-"]) == 2
    assert "--output: - and --json" in capsys.readouterr().err


def test_output_to_a_hyphen_is_refused_on_a_terminal(
    six: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a zip garbles the terminal."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["build", *six, "--output", "-"]) == 2
    assert "is a terminal" in capsys.readouterr().err


def test_output_that_is_the_lock_file_is_refused(six: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a typing error replaces poetry.lock with a zip."""
    lock = Path(six[1], "poetry.lock")
    before = lock.read_bytes()
    assert main(["build", *six, "--output", str(lock)]) == 1
    assert "which the layer is made from" in capsys.readouterr().err
    assert lock.read_bytes() == before


@pytest.mark.parametrize("password", ["pa ss", "pa/ss", "pa\tss", "pa@ss", "p/a s@s"])
def test_login_in_an_address_of_the_lock_file_is_shown_nowhere_and_not_used_in_part(
    password: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a password is in the log of a CI job, or a part of it is sent to a host that does not exist."""
    url = f"https://me:{password}@git.invalid/app"
    source = {"type": "git", "url": url, "reference": "main", "resolved_reference": "a" * 40}
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "poetry.lock").write_text(lock_text(PROJECT, [Package(name="app", files=[], source=source)]))
    (tmp_path / "old.lock").write_text(lock_text(PROJECT, [Package(name="app", version="0.9")]))
    base = ["--project-dir", str(tmp_path), "--runtime", "python3.12"]

    assert main(["plan", *base, "--json"]) == 0
    (package,) = json.loads(capsys.readouterr().out)["packages"]
    assert package["source"]["url"] == "https://****@git.invalid/app"
    assert main(["plan", *base]) == 0
    assert "app   1.0      git   https://****@git.invalid/app@aaaaaaaaaaaa" in capsys.readouterr().out
    assert main(["plan", *base, "--compare", str(tmp_path / "old.lock")]) == 0
    assert "https://****@git.invalid/app" in capsys.readouterr().out
    if password != "pa@ss":  # everything before the last @ of host and port is the login for every program
        assert main(["build", *base, "--output", str(tmp_path / "layer.zip")]) == 1
        printed = capsys.readouterr().err
        assert "https://****@git.invalid/app has a login with a space" in printed
        assert not [part for part in re.split("[ /\t@]", password) if f":{part}" in printed]


def test_control_characters_of_a_lock_file_are_not_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a pull request that changes poetry.lock forges the log of a CI job."""
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    for values in (
        {"markers": "\x1b[2J\n::error::x"},
        {"dependencies": {"b\n\x1b[2J": 1}},
        {"version": "\x1b[2J\n"},
        {"name": "a\u202e"},
    ):
        lock = lock_text(PROJECT, [Package(name="app", other_keys=values)])
        (tmp_path / "poetry.lock").write_text(lock, encoding="utf-8")
        assert main(["plan", "--project-dir", str(tmp_path), "--runtime", "python3.12"]) == 1
        printed = capsys.readouterr().err
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", printed)
        assert not re.search("^::", printed, re.MULTILINE)


def test_python_m_runs_the_command_line_without_loading_pulumi() -> None:
    """Otherwise ``python -m pulumi_poetry_layer`` fails, or a plan waits until the Pulumi SDK is loaded."""
    program = (
        "import runpy, sys; sys.argv = ['x', 'plan', *sys.argv[1:]]\n"
        "try: runpy.run_module('pulumi_poetry_layer', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert 'pulumi' not in sys.modules and 'pulumi_aws' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program, *BASE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "six   1.16.0" in done.stdout


def test_build_shows_warnings_on_standard_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a user of the command line never learns of a conflict between packages."""

    def build(*_: object, **__: object) -> None:
        warn("idna and six both contain python/tests/a.py")
        raise BuildError("not built in this test")

    monkeypatch.setattr(build_command, "build_targets", build)
    assert main(["build", *BASE, "--on-conflict", "warn", "--output", str(tmp_path / "layer.zip")]) == 1

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "warning: idna and six both contain python/tests/a.py\n" in captured.err


@pytest.mark.parametrize("json_option", [[], ["--json"]])
def test_build_warns_of_a_layer_that_aws_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], json_option: list[str]
) -> None:
    """Otherwise a CI job without Pulumi learns of the limit from AWS, after it has uploaded the layer."""
    sizes: dict[str, Any] = {"size": 200 << 20, "unzipped_size": 983 << 20}
    packages = (PackageSize(name="app", version="1.0", files=1, **sizes),)
    built = LayerArtifact(fingerprint="0", path=tmp_path / "layer.zip", sha256="0", packages=packages, **sizes)
    monkeypatch.setattr(build_command, "build_targets", lambda *_: [built])

    assert main(["build", *BASE, "--output", str(built.path), *json_option]) == 0

    captured = capsys.readouterr()
    assert "over Lambda's limit of 250 MiB" in captured.err
    assert "exclude saves  strip saves up to\n    app " in captured.err
    if json_option:
        assert json.loads(captured.out)["packages"][0]["name"] == "app"


@pytest.mark.parametrize("option", ["--html", "--sbom"])
def test_inspect_never_replaces_the_zip_that_it_reads(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a slip destroys the layer."""
    layer = write_zip(tmp_path / "layer.zip", installed("demo", {"demo.py": b""}))
    before = layer.read_bytes()
    assert main(["inspect", str(layer), option, str(tmp_path / "." / "layer.zip")]) == 1
    assert "layer.zip: is the zip to read" in capsys.readouterr().err
    assert layer.read_bytes() == before


def test_inspect_writes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise nobody can look at a layer; with --json, standard output is still JSON."""
    layer = write_zip(tmp_path / "layer.zip", installed("demo", {"demo.py": b""}))
    assert main(["inspect", str(layer), "--html", str(tmp_path / "a.html"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["packages"][0]["name"] == "demo"
    assert main(["inspect", str(layer), str(layer), "--html", str(tmp_path / "b.html")]) == 0
    titles = [(tmp_path / name).read_text(encoding="utf-8").partition("<title>")[2] for name in ("a.html", "b.html")]
    assert [title.partition("<")[0] for title in titles] == ["layer.zip", "layer.zip → layer.zip"]


def test_build_refuses_a_layer_over_the_limit_of_the_user(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a CI job publishes a layer that leaves no room for the function."""
    output = tmp_path / "layer.zip"
    command = ["build", *BASE, "--output", str(output), "--builder", "wheels"]
    assert main([*command, "--max-unzipped-size", "1"]) == 1
    assert "(--max-unzipped-size)" in capsys.readouterr().err
    assert not output.exists()
    assert main([*command, "--max-unzipped-size", "much"]) == 2
    assert "--max-unzipped-size: 'much' is not a size such as 200MiB" in capsys.readouterr().err


def test_plan_without_what_the_runtime_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The largest safe saving, without a list of names."""
    project = PROJECT.replace('["app"]', '["app", "boto3"]')
    packages = [Package(name="app"), Package(name="boto3", version="1.44.5")]
    (tmp_path / "pyproject.toml").write_text(project)
    (tmp_path / "poetry.lock").write_text(lock_text(project, packages))
    assert main(["plan", "--project-dir", str(tmp_path), "--runtime", "python3.13", "--exclude-runtime"]) == 0
    printed = capsys.readouterr()
    assert "without boto3 1.44.5: in the runtime\n" in printed.out
    assert "warning: --exclude-runtime: the lock file has boto3 1.44.5, but it is not known" in printed.err


def test_build_and_inspect_say_which_python_has_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise nobody can find out why two zips of the same lock file differ."""
    version, release = "{}.{}".format(*sys.version_info[:2]), "{}.{}.{}".format(*sys.version_info[:3])
    sample, layer = WheelSample(), str(tmp_path / "layer.zip")
    locked = Package(name="app", other_keys={"files": [{"file": sample.file_name, "hash": sample.hash}]})
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "poetry.lock").write_text(lock_text(PROJECT, [locked]))
    with serve(Index(files={sample.file_name: sample.data()})) as served:
        monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", served.url)
        monkeypatch.setenv("NO_PROXY", "*")
        arguments = ["-C", str(tmp_path), "--runtime", f"python{version}", "-o", layer, "--json"]
        assert main(["build", *arguments, "--bytecode"]) == 0
        assert json.loads(capsys.readouterr().out)["bytecode"] == release
        assert main(["inspect", layer, "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["bytecode"] == [release]
        assert [doubt for doubt in document["doubts"] if "bytecode" in doubt["kind"]] == []
        assert main(["inspect", layer]) == 0
        assert f"modules compiled by CPython {release}\n" in capsys.readouterr().out

        assert main(["build", *arguments]) == 0
        assert "bytecode" not in json.loads(capsys.readouterr().out)
        assert main(["inspect", layer, "--json"]) == 0
        assert "bytecode" not in json.loads(capsys.readouterr().out)
