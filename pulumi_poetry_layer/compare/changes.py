"""Describes the changes of a layer in one line, for the preview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sized

UNTOUCHED = "poetry.lock has changed since the layer was built, but the layer has not"
"""The line for a changed lock file that leaves the layer unchanged."""

_MINUS = "\N{MINUS SIGN}"  # a hyphen would look like a part of the name

_MOST_PACKAGES = 12
"""The line lists at most this many changed packages and counts the others. ``--diff`` shows them all."""

_LISTS = ("groups", "extras", "exclude", "strip")


def describe_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """Describe the changed packages and settings of a layer.

    Args:
        old: the inputs of the build in the state of the stack. Older releases of this package stored fewer keys.
        new: the inputs of the build in the program.

    Returns:
        ``requests 2.31.0 → 2.32.0, +idna 3.7, \N{MINUS SIGN}six; runtime python3.11 → 3.12``; :data:`UNTOUCHED` if only
        the lock file has changed; None if nothing has changed.
    """
    if old.get("fingerprint") == new.get("fingerprint"):
        return UNTOUCHED if old.get("lock_digest") not in (None, new.get("lock_digest")) else None
    packages = list(_package_changes(old.get("packages") or {}, new.get("packages") or {}))
    if len(packages) > _MOST_PACKAGES:
        packages[_MOST_PACKAGES:] = [f"and {len(packages) - _MOST_PACKAGES} more packages"]
    parts = [", ".join(packages), *_setting_changes(old, new)]
    return "; ".join(part for part in parts if part) or "different files of the same versions"


def describe_new(new: Mapping[str, Any]) -> str:
    """Describe a new layer: ``new layer of 12 packages for python3.12 on arm64``."""
    return f"new layer of {counted(new.get('packages') or {})} for {new.get('runtime')} on {new.get('architecture')}"


def counted(packages: Sized) -> str:
    """The number of packages: ``1 package``, ``12 packages``."""
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
    patches = [state.get("python_patch", "(default)") for state in (old, new)]
    if patches[0] != patches[1]:
        yield f"python_patch {patches[0]} → {patches[1]}"
    compiled = [_bytecode(state) for state in (old, new)]
    if compiled[0] != compiled[1]:
        yield f"bytecode {compiled[0]} → {compiled[1]}"
    images = [(state.get("builder_options") or {}).get("image", "(default)") for state in (old, new)]
    if old.get("builder") == new.get("builder") and images[0] != images[1]:
        yield f"image {images[0]} → {images[1]}"
    for setting in _LISTS:
        before, after = set(old.get(setting) or ()), set(new.get(setting) or ())
        if setting in old and before != after:
            added = [f"+{name}" for name in sorted(after - before)]
            removed = [f"{_MINUS}{name}" for name in sorted(before - after)]
            yield f"{setting} {' '.join([*added, *removed])}"


def _bytecode(state: Mapping[str, Any]) -> str:
    """The ``bytecode`` argument: ``on``, ``off`` or a release of Python."""
    value = state.get("bytecode", False)
    return value if isinstance(value, str) else "on" if value else "off"
