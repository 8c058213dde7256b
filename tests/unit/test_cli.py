"""The command line: exit codes, JSON keys, standard output and standard error."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from samples import PROJECTS
from samples.index import Index, serve
from samples.wheels import WheelSample

from pulumi_poetry_layer.cli import main

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


def test_plan_lists_packages_and_fingerprint(capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a user needs a script to read the plan."""
    assert main(["plan", *BASE, "--group", "debug"]) == 0
    printed = capsys.readouterr().out
    assert "iniconfig 2.0.0  iniconfig-2.0.0-py3-none-any.whl" in printed
    assert "six" not in printed
    assert "1 package for python3.12 on x86_64, fingerprint " in printed


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
        last = capsys.readouterr().out.splitlines()[-1]
        assert last.startswith("about ")
        assert last.endswith(" kB zipped, 0.5 MB unzipped")
        assert main(["plan", *BASE, "--size", "--json"]) == 0
    size = json.loads(capsys.readouterr().out)["expected_size"]
    assert size.pop("unzipped_size") > 500_000
    assert size.pop("size") > 0
    assert size == {"exact": False, "unknown": ["idna"]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--group", "nope"], "groups: unknown group 'nope'"),
        (["--runtime", "python2.7"], "runtime: unsupported runtime 'python2.7'"),
        (["--project-dir", "nowhere"], "poetry.lock: no such file"),
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


@pytest.mark.parametrize("arguments", [[], ["plan", "--nope"], ["build"], ["plan", "--builder", "magic"]])
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
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
        ("demo", "1.0", 2, 124)
    ]
    assert main(["inspect", str(layer)]) == 0
    assert "demo 1.0: 2 files" in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, b"not a zip"])
def test_inspect_refuses_a_file_that_is_missing_or_not_a_zip(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise the user gets a traceback."""
    layer = tmp_path / "layer.zip"
    if content is not None:
        layer.write_bytes(content)
    assert main(["inspect", str(layer)]) == 1
    assert "layer.zip: cannot be read as a zip" in capsys.readouterr().err


def test_cache_commands_show_and_clear_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a full disk cannot be cleaned up, or the command removes other files."""
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    assert main(["cache", "dir"]) == 0
    folder = Path(capsys.readouterr().out.strip())
    (folder / "wheels").mkdir(parents=True)
    (folder / "wheels" / "x.whl").write_bytes(bytes(2_000_000))
    (tmp_path / "mine").touch()
    assert main(["cache", "size"]) == 0
    assert capsys.readouterr().out == "2.0 MB\n"
    assert main(["cache", "clear"]) == 0
    assert main(["cache", "size"]) == 0
    assert capsys.readouterr().out == "removed 2.0 MB\n0 kB\n"
    assert (tmp_path / "mine").exists()


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
    assert "six 1.16.0" in done.stdout
