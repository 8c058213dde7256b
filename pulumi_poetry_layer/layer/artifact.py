"""The result of a build: the layer zip, with its digest and sizes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pulumi_poetry_layer.size.limits import LayerSize


@dataclass(frozen=True, kw_only=True)
class PackageSize:
    """A package in a built layer.

    Attributes:
        name: name of the distribution.
        version: its version.
        files: number of files.
        size: bytes in the zip.
        unzipped_size: bytes of the files.
    """

    name: str
    version: str
    files: int
    size: int
    unzipped_size: int


@dataclass(frozen=True, kw_only=True)
class LayerArtifact:
    """A built layer zip.

    Attributes:
        fingerprint: the plan's fingerprint (hex).
        path: the zip.
        sha256: digest of the zip (hex).
        size: bytes of the zip.
        unzipped_size: bytes of its files; Lambda's limit of 250 MiB applies to it.
        packages: the packages in the zip.
        bytecode: the release of Python that has compiled the modules, such as ``3.13.2``; None without bytecode.
    """

    fingerprint: str
    path: Path
    sha256: str
    size: int
    unzipped_size: int
    packages: tuple[PackageSize, ...]
    bytecode: str | None = None

    @property
    def layer_size(self) -> LayerSize:
        """The sizes in the form that ``size.limits`` takes."""
        packages = {package.name: package.unzipped_size for package in self.packages}
        zipped = {package.name: package.size for package in self.packages}
        return LayerSize(size=self.size, unzipped_size=self.unzipped_size, packages=packages, zipped=zipped)

    def license_info(self) -> str | None:
        """The licenses of the packages in one line, as AWS takes it for a layer version; None if none is known.

        Raises:
            ArchiveError: the zip cannot be read.
        """
        from pulumi_poetry_layer.inspection.contents import read_licenses  # only who asks for it needs it
        from pulumi_poetry_layer.inspection.licenses import license_info

        return license_info(read_licenses(self.path))

    def sbom(self) -> str:
        """The packages as a CycloneDX document (JSON), which is the same for the same zip.

        Raises:
            ArchiveError: the zip cannot be read.
        """
        from pulumi_poetry_layer.layer.inspection import inspect_layer  # only who asks for it needs the library
        from pulumi_poetry_layer.layer.sbom import sbom_of

        return sbom_of(inspect_layer(self.path))

    def note(self) -> dict[str, Any]:
        """The artifact as JSON values, for the note beside the zip; the path is only the file name."""
        note = {**asdict(self), "path": self.path.name, "packages": [asdict(package) for package in self.packages]}
        if self.bytecode is None:
            del note["bytecode"]
        return note

    @classmethod
    def of_note(cls, note: dict[str, Any], path: Path) -> LayerArtifact:
        """The artifact at ``path`` that :meth:`note` has described.

        Raises:
            KeyError: the note has no list of packages.
            TypeError: the note has a wrong key, or lacks one.
        """
        packages = tuple(PackageSize(**package) for package in note["packages"])
        return cls(**{**note, "path": path, "packages": packages})
