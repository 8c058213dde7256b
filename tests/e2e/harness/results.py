"""The result of a ``pulumi`` command, read from the event log of the engine."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NO_CHANGE = {"same", "read", "refresh"}


@dataclass(frozen=True, kw_only=True)
class Step:
    """An operation of the engine on a resource, or a planned one.

    Attributes:
        op: ``create``, ``update``, ``same``, ``replace``, ``create-replacement``, ``delete-replaced``, ``delete``, ….
        urn: URN of the resource.
        type: Its type token, such as ``aws:lambda/layerVersion:LayerVersion``.
        replaced_by: The inputs that cause a replacement.
        detailed_diff: Path of each changed property → kind of the change.
        old: The state before: a mapping with ``id``, ``inputs`` and ``outputs``; empty if there is none.
        new: The state after, in the same form.
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
        """Name of the resource in the program."""
        return self.urn.rpartition("::")[2]


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of a command."""

    command: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str
    steps: tuple[Step, ...] = ()
    changes: dict[str, int]
    """Operation → number of resources, with the stack itself, from the summary of the engine."""
    diagnostics: tuple[str, ...] = ()
    """Messages of the program, the providers and the engine, without colors."""

    @property
    def text(self) -> str:
        """The whole output that a user sees."""
        return self.stdout + self.stderr

    @property
    def json(self) -> Any:
        """The parsed output of a command with JSON output."""
        return json.loads(self.stdout)

    @property
    def unchanged(self) -> bool:
        """Whether the command changed nothing, or a preview showed no change."""
        return self.exit_code == 0 and set(self.changes) <= _NO_CHANGE

    def ops(self, name_or_type: str) -> list[str]:
        """Return the operations on the resources with this name or type token, in order."""
        return [step.op for step in self.steps if name_or_type in (step.name, step.type)]

    def step(self, name_or_type: str, op: str | None = None) -> Step:
        """Return the only step for a resource, or its only step with this operation."""
        found = [s for s in self.steps if name_or_type in (s.name, s.type) and op in (None, s.op)]
        assert len(found) == 1, f"{len(found)} steps for {name_or_type} {op or ''}: {[s.op for s in found]}\n{self}"
        return found[0]

    def __str__(self) -> str:
        shown = " ".join(self.command)
        return f"$ {shown}\n{self.stdout}\n{self.stderr}\nexit code {self.exit_code}"


def read_events(log: Path, *, planning: bool) -> dict[str, Any]:
    """Return the steps, changes and diagnostics in an event log, as arguments for a ``Result``.

    Args:
        log: The event log that the engine wrote.
        planning: Return the steps of the preview instead of the steps of the update.
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
