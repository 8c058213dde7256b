"""Check that the tests have produced every message of the error tree; prints the places that no test has reached.

``make test-all`` runs it. A message is a call of an error class, or of a function that makes an error.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from coverage import Coverage

import pulumi_poetry_layer
from pulumi_poetry_layer import errors

PACKAGE = Path(pulumi_poetry_layer.__file__).parent

MAKERS = {name for name in vars(errors) if name.endswith("Error")} | {
    *("UsageError", "index_error", "host_error", "problem", "missing_runtime")
}
"""What makes an error: the classes of the tree, and functions and methods that fill in a part of the message."""


def main() -> int:
    """Read the data that pytest has left, and return 1 if a message was not produced."""
    coverage = Coverage()
    coverage.load()
    data = coverage.get_data()
    missed = []
    for path in sorted(PACKAGE.rglob("*.py")):
        run = set(data.lines(str(path)) or ())
        missed += [
            f"{path.relative_to(PACKAGE.parent)}:{line}: {text}" for line, text in messages(path) if line not in run
        ]
    if missed:
        print(f"{len(missed)} messages were produced by no test:", *missed, sep="\n  ")
    return 1 if missed else 0


def messages(path: Path) -> list[tuple[int, str]]:
    """Line and start of each message that a module can produce."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for statement in ast.walk(tree):
        if isinstance(statement, (ast.Raise, ast.Expr, ast.Return, ast.Assign)):
            calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call) and _name(node) in MAKERS]
            found += [(statement.lineno, ast.unparse(call)[:100]) for call in calls[:1]]
    return sorted(set(found))


def _name(call: ast.Call) -> str:
    function = call.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


if __name__ == "__main__":
    sys.exit(main())
