"""What changed from one layer to another. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from pulumi_poetry_layer.inspection.contents import root_of, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_poetry_layer.archive.members import DistributionSize
    from pulumi_poetry_layer.inspection.contents import LayerContents, LayerFile

WITHOUT_DISTRIBUTION = "without a distribution"
"""What stands behind the name of a module that belongs to no distribution."""

ADDED: Literal["added"] = "added"
REMOVED: Literal["removed"] = "removed"
CHANGED: Literal["changed"] = "changed"


@dataclass(frozen=True, kw_only=True)
class FileChanges:
    """How many files of a distribution differ.

    Attributes:
        added: files that only the second layer has.
        removed: files that only the first layer has.
        changed: files with different contents.
    """

    added: int
    removed: int
    changed: int

    @property
    def any(self) -> bool:
        """Whether there is any difference."""
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, kw_only=True)
class PackageChange:
    """A distribution that differs between two layers.

    Attributes:
        name: normalized name.
        change: ``added``, ``removed`` or ``changed``.
        old_version: its version in the first layer, None if it is not there or not known. Several copies have several.
        new_version: its version in the second layer.
        old: its size in the first layer.
        new: its size in the second layer.
        files: how many of its files differ.
    """

    name: str
    change: Literal["added", "removed", "changed"]
    old_version: str | None
    new_version: str | None
    old: DistributionSize
    new: DistributionSize
    files: FileChanges

    @property
    def size_change(self) -> int:
        """By how many zipped bytes it grew; negative if it shrank."""
        return self.new.size - self.old.size

    @property
    def unzipped_size_change(self) -> int:
        """By how many unzipped bytes it grew; negative if it shrank."""
        return self.new.unzipped_size - self.old.unzipped_size

    def document(self) -> dict[str, Any]:
        """The same as a JSON value."""
        return {
            "name": self.name,
            "change": self.change,
            "old_version": self.old_version,
            "new_version": self.new_version,
            "old": asdict(self.old) if self.change != ADDED else None,
            "new": asdict(self.new) if self.change != REMOVED else None,
            "size_change": self.size_change,
            "unzipped_size_change": self.unzipped_size_change,
            "files": asdict(self.files),
        }


def compare_layers(old: LayerContents, new: LayerContents) -> tuple[PackageChange, ...]:
    """The distributions that differ between two layers; those that changed most come first.

    Files that no distribution lists are compared by the modules that they are in.
    """
    return tuple(sorted(_changes(old, new), key=lambda one: (-abs(one.unzipped_size_change), one.name)))


def _changes(old: LayerContents, new: LayerContents) -> Iterator[PackageChange]:
    before, after = _files_by_name(old), _files_by_name(new)
    old_versions, new_versions = _versions(old), _versions(new)
    for name in sorted(before.keys() | after.keys()):
        first, second = before.get(name, {}), after.get(name, {})
        files = FileChanges(
            added=len(second.keys() - first.keys()),
            removed=len(first.keys() - second.keys()),
            changed=sum(has_changed(first[path], second[path]) for path in first.keys() & second.keys()),
        )
        if files.any or old_versions.get(name) != new_versions.get(name):
            yield PackageChange(
                name=name,
                change=CHANGED if name in before and name in after else ADDED if name in after else REMOVED,
                old_version=old_versions.get(name),
                new_version=new_versions.get(name),
                old=size_of(first.values()),
                new=size_of(second.values()),
                files=files,
            )


def _files_by_name(layer: LayerContents) -> dict[str, dict[str, LayerFile]]:
    """Distribution → path of a file → file. The paths do not depend on the folder where Python looks for packages."""
    found: dict[str, dict[str, LayerFile]] = {}
    parts = [(one.content.name, one.content.files) for one in layer.distributions]
    parts += [(f"{module} ({WITHOUT_DISTRIBUTION})", names) for module, names in layer.other_modules().items()]
    for part, names in parts:
        files = found.setdefault(part, {})
        files.update({name.removeprefix(root_of(name)): layer.files[name] for name in names})
    return found


def _versions(layer: LayerContents) -> dict[str, str]:
    versions: dict[str, str] = {}
    for one in layer.distributions:
        name = one.content.name
        versions[name] = ", ".join(filter(None, (versions.get(name), one.content.version)))
    return versions


def has_changed(one: LayerFile, other: LayerFile) -> bool:
    """Whether two files have different contents."""
    return (one.crc, one.unzipped_size) != (other.crc, other.unzipped_size)
