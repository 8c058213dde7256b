"""What changes in a layer, in one line that people read in a preview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sized

UNTOUCHED = "poetry.lock has changed since the layer was built; what lands in the layer has not"

_MINUS = "\N{MINUS SIGN}"  # a hyphen would be taken for one of a name

_MOST_PACKAGES = 12
"""Changes of packages in the line; what is beyond is counted, and ``--diff`` shows it."""

_LISTS = ("groups", "extras", "exclude")


def describe_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """What changes between two states of a layer's build, and which settings are the reason.

    Args:
        old: inputs of the build as they are in the stack's state; a release before may have had fewer of them.
        new: inputs of the build as the program gives them.

    Returns:
        ``requests 2.31.0 → 2.32.0, +idna 3.7, \N{MINUS SIGN}six; runtime python3.11 → 3.12``; :data:`UNTOUCHED` for
        another lock file that leaves the layer alone; None when there is nothing to tell.
    """
    if old.get("fingerprint") == new.get("fingerprint"):
        return UNTOUCHED if old.get("lock_digest") not in (None, new.get("lock_digest")) else None
    packages = list(_package_changes(old.get("packages") or {}, new.get("packages") or {}))
    if len(packages) > _MOST_PACKAGES:
        packages[_MOST_PACKAGES:] = [f"and {len(packages) - _MOST_PACKAGES} more packages"]
    parts = [", ".join(packages), *_setting_changes(old, new)]
    return "; ".join(part for part in parts if part) or "other files of the same versions"


def describe_new(new: Mapping[str, Any]) -> str:
    """A layer that is not there yet: ``new layer of 12 packages for python3.12 on arm64``."""
    return f"new layer of {counted(new.get('packages') or {})} for {new.get('runtime')} on {new.get('architecture')}"


def counted(packages: Sized) -> str:
    """How many packages these are: ``1 package``, ``12 packages``."""
    return f"{len(packages)} package{'s' if len(packages) != 1 else ''}"


def _package_changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            yield f"{name} {old[name]} → {new[name]}"
    yield from (f"+{name} {new[name]}" for name in sorted(new.keys() - old.keys()))
    yield from (f"{_MINUS}{name}" for name in sorted(old.keys() - new.keys()))


def _setting_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for setting in ("runtime", "architecture", "builder"):
        if setting in old and old[setting] != new.get(setting):
            yield f"{setting} {old[setting]} → {str(new.get(setting)).removeprefix('python')}"
    images = [(state.get("builder_options") or {}).get("image", "the default") for state in (old, new)]
    if old.get("builder") == new.get("builder") and images[0] != images[1]:
        yield f"image {images[0]} → {images[1]}"
    for setting in _LISTS:
        before, after = set(old.get(setting) or ()), set(new.get(setting) or ())
        if setting in old and before != after:
            added = [f"+{name}" for name in sorted(after - before)]
            removed = [f"{_MINUS}{name}" for name in sorted(before - after)]
            yield f"{setting} {' '.join([*added, *removed])}"
