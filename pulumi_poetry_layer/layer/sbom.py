"""The software bill of materials of a layer zip, as a CycloneDX document: https://cyclonedx.org/docs/1.6/json/.

The same zip gives the same document: it has no date, and its serial number is derived from the digest of the zip.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from pulumi_poetry_layer.host.failures import host_errors
from pulumi_poetry_layer.host.files import replacing
from pulumi_poetry_layer.layer.inspection import inspect_layer
from pulumi_poetry_layer.names import normalized

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pulumi_poetry_layer.layer.artifact import LayerArtifact
    from pulumi_poetry_layer.layer.inspection import InspectedLayer, InspectedPackage

_NAMESPACE = UUID("8d3c6f0e-55a4-4a0f-9f0c-6c5c1b0d3a52")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def write_sboms(artifacts: Sequence[LayerArtifact], outputs: Sequence[Path]) -> None:
    """Write the documents of layers that were just built, each to a file, which is replaced."""
    with host_errors():
        for artifact, output in zip(artifacts, outputs, strict=True):
            output.parent.mkdir(parents=True, exist_ok=True)
            write_sbom(inspect_layer(artifact.path), output)


def write_sbom(layer: InspectedLayer, output: Path) -> None:
    """Write the document of a layer to a file, which is replaced."""
    with replacing(output) as file:
        file.write(sbom_of(layer).encode())


def sbom_of(layer: InspectedLayer) -> str:
    """The document: the distributions in the layer with their licenses, and which of them need which."""
    components = {package.name: _component(package) for package in layer.packages}
    bom = Bom(components=components.values(), serial_number=uuid5(_NAMESPACE, layer.sha256))
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the setter accepts None
    bom.metadata.component = Component(
        name=layer.path.name,
        type=ComponentType.FILE,
        bom_ref="layer",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=layer.sha256)],
    )
    bom.register_dependency(bom.metadata.component, components.values())
    for package in layer.packages:
        needed = {normalized(match[0]) for text in package.requirements if (match := _NAME.match(text.strip()))}
        bom.register_dependency(
            components[package.name], [components[name] for name in sorted(needed & components.keys())]
        )
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _component(package: InspectedPackage) -> Component:
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{package.name}=={package.version}",
        purl=PackageURL(type="pypi", name=package.name, version=package.version),
        licenses=[LicenseFactory().make_from_string(package.license)] if package.license else [],
    )
