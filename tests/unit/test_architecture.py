"""What import-linter and ruff do not check: what is loaded, how long modules are, and names of places."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import pulumi_poetry_layer

PACKAGE = Path(pulumi_poetry_layer.__file__).parent
REPOSITORY = PACKAGE.parent
SOURCES = [
    path
    for folder in ("pulumi_poetry_layer", "tests", "tools", "benchmarks", "examples")
    for path in sorted((REPOSITORY / folder).rglob("*.py"))
    if ".venv" not in path.parts
]
MOST_LINES = 400
FORBIDDEN = re.compile("|".join(("pypi[.]o[r]g", "pythonhosted[.]o[r]g", "/wor[k]/", "/[t]mp/lab", "/roo[t]/")))


@pytest.mark.parametrize("module", ["cli", "layer.build", "plan.planner"])
def test_command_line_and_library_never_load_pulumi(module: str) -> None:
    """The command line would fail where Pulumi is not installed, because of an import that nobody saw."""
    code = f"import sys, pulumi_poetry_layer.{module}; print([m for m in sys.modules if m.split('.')[0] == 'pulumi'])"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == "[]"


def test_provider_never_loads_pulumi_aws() -> None:
    """Every preview starts the provider's process, and pulumi_aws takes a second to load."""
    code = "import sys, pulumi_poetry_layer.provider; print('pulumi_aws' in sys.modules)"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == "False"


def test_modules_are_short_enough_to_be_read() -> None:
    """Whoever fixes a bug would have to read everything first."""
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}

    assert [path for path, count in lines.items() if count > MOST_LINES] == []
    assert len(lines) > 80


def test_no_source_names_the_host_of_a_registry_or_a_place_of_one_machine() -> None:
    """The package would work here and fail behind a company's mirror or on another machine."""
    found = {path: FORBIDDEN.findall(path.read_text(encoding="utf-8")) for path in SOURCES}

    assert {path: names for path, names in found.items() if names} == {}
    assert FORBIDDEN.search("https://" + "pypi" + ".org")
