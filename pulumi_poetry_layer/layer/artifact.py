"""What a build leaves behind: the layer zip, and what is known of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pulumi_poetry_layer.size.limits import LayerSize


@dataclass(frozen=True, kw_only=True)
class PackageSize:
    """A package of a built layer: number of files, bytes in the zip and unzipped bytes."""

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
        unzipped_size: bytes of its files, what counts for Lambda's limit of 250 MB.
        packages: what each package takes.
    """

    fingerprint: str
    path: Path
    sha256: str
    size: int
    unzipped_size: int
    packages: tuple[PackageSize, ...]

    @property
    def layer_size(self) -> LayerSize:
        """What it takes, as :mod:`.limits` asks for it."""
        packages = {package.name: package.unzipped_size for package in self.packages}
        return LayerSize(size=self.size, unzipped_size=self.unzipped_size, packages=packages)

    def note(self) -> dict[str, Any]:
        """The artifact as JSON values, to be kept beside the zip: the path is the zip's name alone."""
        return {**asdict(self), "path": self.path.name, "packages": [asdict(package) for package in self.packages]}

    @classmethod
    def of_note(cls, note: dict[str, Any], path: Path) -> LayerArtifact:
        """The artifact at ``path`` that :meth:`note` described.

        Raises:
            KeyError: the note has no list of packages.
            TypeError: it is not such a note.
        """
        packages = tuple(PackageSize(**package) for package in note["packages"])
        return cls(**{**note, "path": path, "packages": packages})
