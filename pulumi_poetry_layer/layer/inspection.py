"""List what is in a layer zip, and compare two. Only the zips are read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pulumi_poetry_layer.archive.members import DistributionSize
from pulumi_poetry_layer.host.files import sha256_of
from pulumi_poetry_layer.inspection.comparison import PackageChange, compare_layers
from pulumi_poetry_layer.inspection.contents import read_layer
from pulumi_poetry_layer.inspection.doubts import Doubt, find_doubts
from pulumi_poetry_layer.inspection.fits import Fit, find_fits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pulumi_poetry_layer.inspection.contents import LayerContents, LayerDistribution


@dataclass(frozen=True, kw_only=True)
class InspectedPackage(DistributionSize):
    """A distribution in a layer zip.

    Attributes:
        name: normalized name.
        version: version.
        license: its license, as METADATA says; None if it does not say.
        requirements: its requirements (``Requires-Dist``), without those that belong to an extra.
        native_files: how many of its files are native, and for the processor of a Lambda.
    """

    name: str
    version: str
    license: str | None
    requirements: tuple[str, ...]
    native_files: int

    def document(self) -> dict[str, Any]:
        """The distribution as ``inspect --json`` prints it."""
        document = asdict(self)
        del document["requirements"]
        return document


@dataclass(frozen=True, kw_only=True)
class InspectedLayer:
    """What is in a layer zip.

    Attributes:
        path: the zip.
        sha256: digest of the zip (hex).
        size: bytes of the zip.
        unzipped_size: bytes of its files.
        packages: the distributions in it, by name.
        other_files: the files that no distribution lists.
        other_modules: the module or folder that such files are in → their size; largest first.
        fits: whether it is for each runtime on each architecture.
        doubts: what may be wrong, or makes it larger than necessary.
        contents: its files, by distribution.
    """

    path: Path
    sha256: str
    size: int
    unzipped_size: int
    packages: tuple[InspectedPackage, ...]
    other_files: DistributionSize
    other_modules: Mapping[str, DistributionSize]
    fits: tuple[Fit, ...]
    doubts: tuple[Doubt, ...]
    contents: LayerContents

    def document(self) -> dict[str, Any]:
        """The layer as ``inspect --json`` prints it. The names and types of the keys are a stable interface."""
        return {
            **self.summary(),
            **({"bytecode": list(self.contents.bytecode)} if self.contents.bytecode else {}),
            "packages": [package.document() for package in self.packages],
            "other_files": asdict(self.other_files),
            "other_modules": [{"name": name, **asdict(size)} for name, size in self.other_modules.items()],
            "targets": [fit.document() for fit in self.fits],
            "doubts": [doubt.document() for doubt in self.doubts],
        }

    def summary(self) -> dict[str, Any]:
        """Path, digest and sizes as a JSON value."""
        return {
            "path": str(self.path),
            "sha256": self.sha256,
            "size": self.size,
            "unzipped_size": self.unzipped_size,
        }


@dataclass(frozen=True, kw_only=True)
class ComparedLayers:
    """Two layer zips, and what changed from the first to the second.

    Attributes:
        old: the first layer.
        new: the second layer.
        changes: the distributions that differ; those that changed most come first.
    """

    old: InspectedLayer
    new: InspectedLayer
    changes: tuple[PackageChange, ...]

    def document(self) -> dict[str, Any]:
        """The comparison as ``inspect A B --json`` prints it. The names and types of the keys are stable."""
        return {
            "old": self.old.summary(),
            "new": self.new.summary(),
            "size_change": self.new.size - self.old.size,
            "unzipped_size_change": self.new.unzipped_size - self.old.unzipped_size,
            "packages": [change.document() for change in self.changes],
        }


def inspect_layer(path: Path) -> InspectedLayer:
    """List what is in a layer zip.

    Raises:
        ArchiveError: the file does not exist, or is not a layer zip.
    """
    contents = read_layer(path)
    fits = find_fits(contents)
    return InspectedLayer(
        path=path,
        sha256=sha256_of(path),
        size=path.stat().st_size,
        unzipped_size=sum(file.unzipped_size for file in contents.files.values()),
        packages=tuple(_package(contents, one) for one in contents.distributions),
        other_files=contents.size_of(contents.others.files),
        other_modules=_other_modules(contents),
        fits=fits,
        doubts=find_doubts(contents, fits),
        contents=contents,
    )


def compare_inspected(old: InspectedLayer, new: InspectedLayer) -> ComparedLayers:
    """Compare two layers."""
    return ComparedLayers(old=old, new=new, changes=compare_layers(old.contents, new.contents))


def _other_modules(contents: LayerContents) -> dict[str, DistributionSize]:
    sizes = {name: contents.size_of(files) for name, files in contents.other_modules().items()}
    return dict(sorted(sizes.items(), key=lambda one: (-one[1].unzipped_size, one[0])))


def _package(contents: LayerContents, one: LayerDistribution) -> InspectedPackage:
    size = contents.size_of(one.content.files)
    return InspectedPackage(
        name=one.content.name,
        version=one.content.version,
        license=one.license,
        requirements=one.content.requirements,
        native_files=len(one.content.natives),
        **vars(size),
    )
