"""Rules that import-linter and ruff do not check: loaded modules, length of modules, and names of machines."""

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
def test_command_line_and_build_layer_do_not_load_pulumi(module: str) -> None:
    """The command line would wait until Pulumi is loaded, because of one import too many."""
    code = f"import sys, pulumi_poetry_layer.{module}; print([m for m in sys.modules if m.split('.')[0] == 'pulumi'])"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == "[]"


def test_provider_does_not_load_pulumi_aws() -> None:
    """Every preview starts the provider's process, and would wait until pulumi_aws is loaded."""
    code = "import sys, pulumi_poetry_layer.provider; print('pulumi_aws' in sys.modules)"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == "False"


def test_import_of_the_package_loads_only_the_standard_library() -> None:
    """Each program that imports the package would wait; PoetryLayer and build_layer load what they need when used."""
    code = """
import sys
before = set(sys.modules)
import pulumi_poetry_layer
print(*(set(sys.modules) - before))
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)

    loaded = set(ended.stdout.split())
    assert {name for name in loaded if name.split(".")[0] not in sys.stdlib_module_names} == {"pulumi_poetry_layer"}
    assert loaded.isdisjoint({"asyncio", "email", "json", "logging", "pathlib", "socket", "subprocess", "tempfile"})


def test_plugin_loads_the_component_only_when_it_is_needed() -> None:
    """Language hosts start the plugin for its schema alone, and every preview would wait until pulumi_aws is loaded."""
    code = "import sys, pulumi_poetry_layer.plugin.server; print('pulumi_aws' in sys.modules)"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == "False"


def test_modules_have_at_most_400_lines() -> None:
    """A contributor could not read the module that has a bug."""
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}

    assert [path for path, count in lines.items() if count > MOST_LINES] == []
    assert len(lines) > 80


def test_sources_contain_no_registry_host_and_no_path_of_a_machine() -> None:
    """The package would work on one machine, and fail on another one or behind a company's mirror."""
    found = {path: FORBIDDEN.findall(path.read_text(encoding="utf-8")) for path in SOURCES}

    assert {path: names for path, names in found.items() if names} == {}
    assert FORBIDDEN.search("https://" + "pypi" + ".org")
