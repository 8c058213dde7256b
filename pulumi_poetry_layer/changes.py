"""What changes in a layer, in one line that people read in a preview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def describe_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """What changes between two states of a layer's build, or that another lock file leaves the layer alone.

    Args:
        old: outputs of the build as they are in the stack's state.
        new: inputs of the build as the program gives them.

    Returns:
        ``requests 2.31.0 → 2.32.0, +idna 3.7, -six 1.16.0; runtime python3.11 → python3.12``; None when there is
        nothing to tell.
    """
    if old.get("fingerprint") == new.get("fingerprint"):
        if old.get("lock_digest") not in (None, new.get("lock_digest")):
            return "poetry.lock has changed since the layer was built; what lands in the layer has not"
        return None
    parts = [
        ", ".join(_package_changes(old.get("packages") or {}, new.get("packages") or {})),
        *_setting_changes(old, new),
    ]
    return "; ".join(part for part in parts if part) or "other files of the same versions"


def _package_changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            yield f"{name} {old[name]} → {new[name]}"
    yield from (f"+{name} {new[name]}" for name in sorted(new.keys() - old.keys()))
    yield from (f"-{name} {old[name]}" for name in sorted(old.keys() - new.keys()))


def _setting_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for setting in ("runtime", "architecture", "builder"):
        if setting in old and old[setting] != new.get(setting):
            yield f"{setting} {old[setting]} → {new.get(setting)}"
