"""What ``make demo`` fetches, what it says about that first, and what its programs see of the user's machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import pytest
import setup
from demo_surroundings import PLUGIN, environment, prepare
from dev_setup import demo_costs, project_venv

REPOSITORY = Path(__file__).resolve().parents[3]
NEEDED = {"demo-venv", "poetry", "engine"}
MIRROR = "https://index.example/simple/"


@pytest.fixture
def commands() -> list[str]:
    """The commands of ``make demo``, in their order."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("needs make on PATH")
    listed = subprocess.run(
        [make, "--no-print-directory", "-n", "demo"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return listed.stdout.splitlines()


def position(commands: list[str], pattern: str) -> int:
    """The position of the one command that a regular expression finds."""
    (found,) = [index for index, command in enumerate(commands) if re.search(pattern, command)]
    return found


def test_demo_fetches_nothing_that_it_does_not_use(commands: list[str]) -> None:
    """It would fetch Docker, build images and a browser: 3 GB and five minutes."""
    fetched = [command.partition(" install ")[2].split() for command in commands if "setup.sh install" in command]

    assert {part for parts in fetched for part in parts} == NEEDED
    assert set(setup.PARTS) >= NEEDED


def test_first_screen_comes_before_anything_is_fetched(commands: list[str]) -> None:
    """Nobody would know that a build of minutes is about to start."""
    assert position(commands, "announce-demo") == 0


def test_first_layer_is_built_before_the_engine_is_there(commands: list[str]) -> None:
    """A newcomer would wait for the engine before seeing anything."""
    assert (
        position(commands, "install demo-venv")
        < position(commands, "demo.py layer")
        < position(commands, "install poetry engine")
        < position(commands, "demo.py deployment")
    )


def test_first_screen_names_all_that_is_fetched(commands: list[str]) -> None:
    """The first screen would promise less than what is fetched."""
    assert set(demo_costs.COSTS) == NEEDED


def of_a_fresh_machine(monkeypatch: pytest.MonkeyPatch, *, ready: Callable[[], bool]) -> str:
    """The first screen, if all parts are ready, or none."""
    costs = {part: replace(cost, is_ready=ready) for part, cost in demo_costs.COSTS.items()}
    monkeypatch.setattr(demo_costs, "COSTS", costs)
    return demo_costs.announcement()


def test_first_screen_says_how_much_is_fetched_and_how_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A newcomer with a slow connection or a full disk could not decide."""
    screen = of_a_fresh_machine(monkeypatch, ready=lambda: False)

    for cost in demo_costs.COSTS.values():
        assert re.search(rf"{re.escape(cost.what)} +{cost.fetched} MB +{cost.kept} MB +{cost.duration}", screen)
    fetched, kept = (sum(getattr(cost, name) for cost in demo_costs.COSTS.values()) for name in ("fetched", "kept"))
    assert re.search(rf"in all +{fetched} MB +{kept} MB", screen)
    assert kept <= 600
    assert len(screen.splitlines()) <= 24


@pytest.mark.parametrize("ready", [True, False])
def test_first_screen_says_that_aws_is_a_stand_in_and_how_to_use_a_real_account(
    monkeypatch: pytest.MonkeyPatch, ready: bool
) -> None:
    """A newcomer would look for the layer in the own account, or fear costs."""
    screen = of_a_fresh_machine(monkeypatch, ready=lambda: ready)

    assert "AWS is a stand-in on this machine" in screen
    assert "pulumi up" in screen
    assert ("MB" in screen) is not ready


def test_programs_of_the_demo_use_no_folder_and_no_account_of_the_user(tmp_path: Path) -> None:
    """A virtual environment would stay in the user's Poetry cache, or the layer would land in a real account."""
    given = {
        "AWS_ENDPOINT_URL_LAMBDA": "https://lambda.example",
        "AWS_PROFILE": "work",
        "AWS_SESSION_TOKEN": "token",
        "HOME": "/home/user",
        "HTTPS_PROXY": "http://proxy.example",
        "PATH": f"{PLUGIN.parent}{os.pathsep}/usr/bin",
        "POETRY_VIRTUALENVS_CREATE": "false",
        "PULUMI_ACCESS_TOKEN": "token",
        "PULUMI_STACK": "acme/prod",
    }

    variables = environment(given, tmp_path, MIRROR)

    folders = (
        "POETRY_CACHE_DIR",
        "POETRY_CONFIG_DIR",
        "POETRY_DATA_DIR",
        "POETRY_VIRTUALENVS_PATH",
        "PULUMI_HOME",
        "PULUMI_POETRY_LAYER_CACHE_DIR",
        "TMPDIR",
        "VIRTUALENV_OVERRIDE_APP_DATA",
        "XDG_CACHE_HOME",
    )
    assert all(Path(variables[name]).is_relative_to(tmp_path) for name in folders)
    assert variables["PULUMI_BACKEND_URL"].startswith(tmp_path.as_uri())
    assert variables["PATH"] == "/usr/bin"
    assert variables["HTTPS_PROXY"] == "http://proxy.example"
    assert not {name for name in given if name.startswith(("AWS_", "POETRY_", "PULUMI_"))} & set(variables)


@pytest.mark.parametrize(("given", "mirror"), [({}, MIRROR), ({"POETRY_PYPI_MIRROR_URL": "own"}, "own")])
def test_mirror_of_the_user_is_kept(tmp_path: Path, given: dict[str, str], mirror: str) -> None:
    """The demo would fail behind a company's mirror."""
    assert environment(given, tmp_path, MIRROR)["POETRY_PYPI_MIRROR_URL"] == mirror


@pytest.mark.skipif(sys.platform == "win32", reason="the demo runs on Linux and macOS")
def test_interrupted_demo_leaves_nothing_that_the_next_one_meets(tmp_path: Path) -> None:
    """After Ctrl-C, the stack would already exist, and the demo would fail."""
    prepare(tmp_path)
    (tmp_path / "state" / "stack.json").touch()
    (tmp_path / "cache").mkdir()

    prepare(tmp_path)

    assert list((tmp_path / "state").iterdir()) == []
    assert (tmp_path / "cache").is_dir()  # downloaded wheels are used again
    assert len(list(tmp_path.glob("pulumi/plugins/resource-aws-v*/pulumi-resource-aws"))) == 1


def installed(groups: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``.venv`` have these groups."""
    stamp = tmp_path / ".setup-stamp"
    stamp.write_text(f"python\nhash\n{groups}\n", encoding="utf-8")
    monkeypatch.setattr(project_venv, "_STAMP", stamp)
    monkeypatch.setattr(project_venv, "is_ready", lambda: True)


@pytest.mark.parametrize(("groups", "ready"), [("demo", True), ("dev", True), ("demo test", True), ("test", False)])
def test_environment_without_the_demos_packages_is_not_ready(
    groups: str, ready: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first screen would not name what is fetched."""
    installed(groups, tmp_path, monkeypatch)

    assert project_venv.has("demo") is ready


def test_packages_of_the_demo_stay_when_others_are_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `make test-unit`, `make demo` would install its packages once more."""
    asked: list[Collection[str]] = []
    installed("demo", tmp_path, monkeypatch)
    monkeypatch.setattr(project_venv, "_python_line", lambda: "python")
    monkeypatch.setattr(project_venv, "_install", lambda _python, groups: asked.append(groups))
    monkeypatch.setattr(project_venv, "run", lambda _command: None)

    project_venv.ensure("test")
    assert project_venv.has("demo")
    assert project_venv.has("test")
    project_venv.ensure("demo")

    assert asked == [{"demo", "test"}]
