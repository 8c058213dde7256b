"""A package from an index page that names its files only in addresses: the same layer with Poetry and without it."""

from __future__ import annotations

import os
import sys
import zipfile
from io import BufferedIOBase
from pathlib import Path

import pytest
from samples import Package, lock_text
from samples.index import Index, serve
from samples.wheels import WheelSample

from pulumi_poetry_layer.builders.builder import Builder
from pulumi_poetry_layer.builders.local import LocalBuilder
from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.layer.build import build_request
from pulumi_poetry_layer.layer.request import LayerRequest

from .conftest import find_poetry
from .hosts import give_up

APP = WheelSample(name="app", version="1.0+cpu", files={"app.py": b"x = 1"})
PROJECT = """\
[tool.poetry]
name = "service"
version = "1.0"
package-mode = false
[tool.poetry.dependencies]
python = ">=3.9"
app = { version = "1.0+cpu", source = "torch" }
[[tool.poetry.source]]
name = "torch"
url = "%s"
priority = "explicit"
"""


def layer(project: Path, builder: Builder) -> dict[str, bytes]:
    """Build a layer; path → content."""
    runtime = "python{}.{}".format(*sys.version_info[:2])
    artifact = build_request(LayerRequest(project_dir=project, runtime=runtime, builder=builder), project / "layer.zip")
    with zipfile.ZipFile(artifact.path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_file_on_a_single_page_is_found_by_its_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages from PyTorch's page could not be built, or another file of the page would be."""
    poetry = find_poetry()
    if poetry is None:
        give_up("Poetry is not installed; run `make setup`")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.setenv("NO_PROXY", "*")
    name = APP.file_name
    links = [
        f'<a href="files/other-{name}">{name}</a>',
        f'<a href="files/{name.replace("+", "%2B")}#{APP.hash.replace(":", "=")}">cpu/app (wheel)</a>',
    ]
    page = "".join(links).encode()

    def send_page(output: BufferedIOBase) -> None:
        output.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(page) + page)

    with serve(Index(files={name: APP.data(), name.replace("+", "%2B"): APP.data()})) as index:
        url = f"{index.url.removesuffix('simple/')}torch_stable.html"
        index.answers["/torch_stable.html"] = [send_page] * 20
        source = {"type": "legacy", "url": url, "reference": "torch"}
        files = [{"file": name, "hash": APP.hash}]
        app = Package(name="app", version="1.0+cpu", source=source, other_keys={"files": files})
        (tmp_path / "pyproject.toml").write_text(PROJECT % url)
        (tmp_path / "poetry.lock").write_text(lock_text(PROJECT % url, [app]))
        layers = [
            layer(tmp_path, builder)
            for builder in (WheelBuilder(cache_dir=str(tmp_path / "cache")), LocalBuilder(poetry=str(poetry)))
        ]

    assert layers[0]["python/app.py"] == b"x = 1"
    assert layers[0] == layers[1]
