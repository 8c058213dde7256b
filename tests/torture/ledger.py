"""What an attack tried, and what it found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Ledger:
    """One line of the table.

    Attributes:
        name: the attack.
        outcomes: what happened → how often.
        findings: what must not happen.
    """

    name: str
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def add(self, outcome: str) -> None:
        """Count a trial that ended as it should."""
        self.outcomes[outcome] += 1

    def find(self, what: str) -> None:
        """Count a trial that found something, and say so."""
        self.outcomes["FOUND"] += 1
        self.findings.append(what)

    @property
    def tried(self) -> int:
        """The number of trials."""
        return self.outcomes.total()


def table(ledgers: list[Ledger]) -> str:
    """What was tried and what survived, as a Markdown table."""
    rows = ["| attack | tried | survived | how it ended |", "|---|---:|---:|---|"]
    for ledger in ledgers:
        ends = ", ".join(f"{count:,} {outcome}" for outcome, count in ledger.outcomes.most_common())
        rows.append(f"| {ledger.name} | {ledger.tried:,} | {ledger.tried - len(ledger.findings):,} | {ends} |")
    return "\n".join(rows)
