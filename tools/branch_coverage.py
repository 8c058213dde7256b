"""Check how many branches of the package the tests have taken; prints nothing if all is well.

``make test-all`` runs it. Coverage's own limit (``fail_under``) counts lines and branches together.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from coverage import Coverage

LEAST_PERCENT = 95.0
_SHOWN_FILES = 10


def main() -> int:
    """Read the data that pytest has left, and return 1 if too few branches were taken."""
    report = _report()
    percent: float = report["totals"]["percent_branches_covered"]
    if percent >= LEAST_PERCENT:
        return 0
    missing = {name: file["summary"]["missing_branches"] for name, file in report["files"].items()}
    print(f"{percent:.1f} % of the branches were taken by tests, less than {LEAST_PERCENT:.0f} %; most are missing in")
    for name in sorted(missing, key=lambda name: -missing[name])[:_SHOWN_FILES]:
        print(f"  {name}: {missing[name]}")
    return 1


def _report() -> dict[str, Any]:
    coverage = Coverage()
    coverage.load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coverage.json"
        coverage.json_report(outfile=str(path))
        return dict(json.loads(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    sys.exit(main())
