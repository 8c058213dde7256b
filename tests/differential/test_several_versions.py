"""Tests of a lock file that selects two versions of a package, with both builders and with the real Poetry."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import tomli_w
from samples import Package, lock_text
from samples.index import Index, file_hash, serve
from samples.wheels import WheelSample

from pulumi_poetry_layer.builders.builder import Builder
from pulumi_poetry_layer.builders.local import LocalBuilder
from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.layer.build import build_request
from pulumi_poetry_layer.layer.request import LayerRequest

from .conftest import find_poetry
from .hosts import give_up

RUNTIME = "python{}.{}".format(*sys.version_info[:2])
OVERLAPPING = ('sys_platform == "linux"', 'sys_platform == "linux" or sys_platform == "win32"')


def layer(project: Path, builder: Builder, output: Path) -> dict[str, bytes]:
    """Build a layer; path → content."""
    build_request(LayerRequest(project_dir=project, runtime=RUNTIME, builder=builder), output)
    with zipfile.ZipFile(output) as archive:
        return {name.removeprefix("python/"): archive.read(name) for name in archive.namelist()}


def poetry_install(poetry: Path, project: Path, home: Path) -> dict[str, bytes]:
    """The files of the environment after ``poetry install``, which installs one package after the other."""
    variables = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    variables |= {
        "POETRY_CACHE_DIR": str(home),
        "POETRY_CONFIG_DIR": str(home),
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "POETRY_INSTALLER_PARALLEL": "false",
    }
    subprocess.run([poetry, "install", "--no-interaction"], cwd=project, env=variables, check=True)
    (folder,) = (project / ".venv").glob("lib/python*/site-packages")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("needed", "chosen"), [("*", "10.0"), ("<10", "9.0")])
def test_both_builders_take_the_same_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, needed: str, chosen: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The project could not be built, or the layer would have the files of two versions, as Poetry's environment."""
    poetry = find_poetry()
    if poetry is None:
        give_up("Poetry is not installed; run `make setup`")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    low = [
        WheelSample(name="low", version=v, files={"low.py": v.encode(), f"only_{v}.py": b""}) for v in ("9.0", "10.0")
    ]
    samples = [*low, WheelSample(name="high", files={"high.py": b""})]
    with serve(Index(files={sample.file_name: sample.data() for sample in samples}, hashes=True)) as index:
        source = {"type": "legacy", "url": index.url.rstrip("/"), "reference": "inner"}
        packages = [
            Package(
                name=sample.name,
                version=sample.version,
                markers=markers,
                dependencies={"low": needed} if sample.name == "high" else {},
                source=source,
                other_keys={"files": [{"file": sample.file_name, "hash": file_hash(sample.data())}]},
            )
            for sample, markers in zip(samples, (*OVERLAPPING, ""), strict=True)
        ]
        pyproject = tomli_w.dumps(
            {
                "project": {"name": "service", "version": "1", "requires-python": ">=3.9", "dependencies": ["high"]},
                "tool": {"poetry": {"package-mode": False, "source": [{"name": "inner", "url": index.url}]}},
            }
        )
        project = tmp_path / "project"
        project.mkdir()
        (project / "pyproject.toml").write_text(pyproject)
        (project / "poetry.lock").write_text(lock_text(pyproject, packages))

        ours = layer(project, WheelBuilder(cache_dir=str(tmp_path / "wheels")), tmp_path / "wheels.zip")
        theirs = layer(project, LocalBuilder(poetry=str(poetry)), tmp_path / "local.zip")
        installed = poetry_install(poetry, project, tmp_path / "home")

    assert ours == theirs
    assert ours["low.py"] == chosen.encode()
    assert {name for name in ours if name.startswith("only_")} == {f"only_{chosen}.py"}
    warning = f"poetry.lock selects 9.0 and 10.0 of low for the target; the layer has {chosen}, "
    assert [message.startswith(warning) for message in caplog.messages] == [True, True]
    # What the warning says about Poetry.
    assert installed["low.py"] == b"10.0"
    assert installed.keys() >= {"only_9.0.py", "only_10.0.py", "low-9.0.dist-info/RECORD", "low-10.0.dist-info/RECORD"}
