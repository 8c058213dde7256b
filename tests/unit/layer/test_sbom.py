"""The software bill of materials of a layer."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from pulumi_poetry_layer.cli import main
from pulumi_poetry_layer.layer.inspection import inspect_layer
from pulumi_poetry_layer.layer.sbom import sbom_of

METADATA = {
    "app": "License-Expression: MIT OR Apache-2.0\nRequires-Dist: Lib[x]>=1\nRequires-Dist: gone\n",
    "lib": "License: BSD\nClassifier: License :: OSI Approved :: BSD License\nClassifier: Topic :: Utilities\n",
    "text": "License: This is\n        the whole text\n",
}


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """A layer with three distributions."""
    path = tmp_path / "layer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, headers in METADATA.items():
            archive.writestr(f"python/{name}-1.0.dist-info/METADATA", f"Name: {name}\nVersion: 1.0\n{headers}")
    return path


def test_document_has_exactly_the_distributions_of_the_layer(layer: Path) -> None:
    """Otherwise a scanner misses a vulnerable distribution, or reports one that is not there."""
    text = sbom_of(inspect_layer(layer))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    document = json.loads(text)
    assert [component["purl"] for component in document["components"]] == [
        "pkg:pypi/app@1.0",
        "pkg:pypi/lib@1.0",
        "pkg:pypi/text@1.0",
    ]
    assert {entry["ref"]: entry.get("dependsOn", []) for entry in document["dependencies"]} == {
        "layer": ["app==1.0", "lib==1.0", "text==1.0"],
        "app==1.0": ["lib==1.0"],
        "lib==1.0": [],
        "text==1.0": [],
    }
    assert document["metadata"]["component"]["hashes"][0]["content"] == inspect_layer(layer).sha256


def test_licenses_are_those_of_the_metadata(layer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a lawyer has to look into every package."""
    document = json.loads(sbom_of(inspect_layer(layer)))
    assert [component.get("licenses") for component in document["components"]] == [
        [{"expression": "MIT OR Apache-2.0"}],
        [{"license": {"name": "BSD License"}}],
        None,
    ]
    assert main(["inspect", str(layer), "--json"]) == 0
    assert [p["license"] for p in json.loads(capsys.readouterr().out)["packages"]] == [
        "MIT OR Apache-2.0",
        "BSD License",
        None,
    ]


def test_same_layer_gives_the_same_document(layer: Path, tmp_path: Path) -> None:
    """Otherwise a document that is kept in git changes with every run."""
    for name in ("a.json", "b.json"):
        assert main(["inspect", str(layer), "--sbom", str(tmp_path / name)]) == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
