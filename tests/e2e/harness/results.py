"""What one ``pulumi`` command did, read from the engine's own event log."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NO_CHANGE = {"same", "read", "refresh"}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that the engine did, or would do, to one resource.

    Attributes:
        op: ``create``, ``update``, ``same``, ``replace``, ``create-replacement``, ``delete-replaced``, ``delete``, ….
        urn: The resource.
        type: Its token, such as ``aws:lambda/layerVersion:LayerVersion``.
        replaced_by: The inputs that force a replacement.
        detailed_diff: Changed properties by path, each with its kind.
        old: State before: a mapping with ``id``, ``inputs`` and ``outputs``, or empty.
        new: State after, likewise.
    """

    op: str
    urn: str
    type: str
    replaced_by: tuple[str, ...]
    detailed_diff: dict[str, Any]
    old: dict[str, Any]
    new: dict[str, Any]

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]


@dataclass(frozen=True, kw_only=True)
class Result:
    """One finished command."""

    command: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str
    steps: tuple[Step, ...] = ()
    changes: dict[str, int]
    """How many resources by operation, from the engine's summary, the stack itself included."""
    diagnostics: tuple[str, ...] = ()
    """Messages of the program, the providers and the engine, without colors."""

    @property
    def text(self) -> str:
        """Everything that the user saw."""
        return self.stdout + self.stderr

    @property
    def json(self) -> Any:
        """The output of a command that was asked for JSON."""
        return json.loads(self.stdout)

    @property
    def unchanged(self) -> bool:
        """Whether there was, or would be, nothing to do."""
        return self.exit_code == 0 and set(self.changes) <= _NO_CHANGE

    def ops(self, name_or_type: str) -> list[str]:
        """Return the operations on the resources of a name or type token, in order."""
        return [step.op for step in self.steps if name_or_type in (step.name, step.type)]

    def step(self, name_or_type: str, op: str | None = None) -> Step:
        """Return the only step on a resource, or the only one of an operation."""
        found = [s for s in self.steps if name_or_type in (s.name, s.type) and op in (None, s.op)]
        assert len(found) == 1, f"{len(found)} steps for {name_or_type} {op or ''}: {[s.op for s in found]}\n{self}"
        return found[0]

    def __str__(self) -> str:
        shown = " ".join(self.command)
        return f"$ {shown}\n{self.stdout}\n{self.stderr}\nexit code {self.exit_code}"


def read_events(log: Path, *, planning: bool) -> dict[str, Any]:
    """Return steps, changes and diagnostics from an event log, as arguments for a ``Result``.

    Args:
        log: The file that the engine wrote.
        planning: Take the preview's steps, not those of the update that followed it.
    """
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    events = [json.loads(line) for line in lines if line.strip()]
    steps = [
        _step(event["resourcePreEvent"]["metadata"])
        for event in events
        if "resourcePreEvent" in event and bool(event["resourcePreEvent"].get("planning")) == planning
    ]
    summaries = [event["summaryEvent"] for event in events if "summaryEvent" in event]
    changes: dict[str, int] = dict(Counter(summaries[-1].get("resourceChanges") or {})) if summaries else {}
    messages = [event["diagnosticEvent"]["message"] for event in events if "diagnosticEvent" in event]
    return {"steps": tuple(steps), "changes": changes, "diagnostics": tuple(messages)}


def _step(metadata: dict[str, Any]) -> Step:
    return Step(
        op=metadata["op"],
        urn=metadata["urn"],
        type=metadata["type"],
        replaced_by=tuple(metadata.get("keys") or ()),
        detailed_diff=metadata.get("detailedDiff") or {},
        old=metadata.get("old") or {},
        new=metadata.get("new") or {},
    )
