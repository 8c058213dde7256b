"""Files and paths that no program can use end every command, a preview and a Pulumi program with one message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import tomli_w
from samples import PROJECT, Package, lock_text

from pulumi_poetry_layer import InputError, PoetryLayer, PoetryLayerError, build_layer
from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.cli import main
from pulumi_poetry_layer.index.poetry_config import read_configuration
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest
from pulumi_poetry_layer.poetry.toml_tables import TomlError, parse_toml
from pulumi_poetry_layer.provider import LayerBuildProvider, request_inputs

DIGITS = "1" * 5000
NESTED = "[" * 400 + "]" * 400
PARENTHESES = "(" * 5000 + "os_name == 'x'" + ")" * 5000
CHAIN = "".join(f'g{number} = [{{include-group = "g{(number + 1) % 1000}"}}]\n' for number in range(1000))
LONG = "x" * 5000

PROJECTS = {
    "integer": f"{PROJECT}[tool.x]\na = {DIGITS}\n",
    "hexadecimal integer": f"{PROJECT}[tool.poetry.group.x]\na = 0x{'f' * 5000}\n",
    "array": f"{PROJECT}[dependency-groups]\na = {NESTED}\n",
    "array of another tool": f"{PROJECT}[tool.x]\na = {NESTED}\n",
    "deeper array": f"{PROJECT}[tool.x]\na = {'[' * 100_000}\n",
    "table": f"{PROJECT}[tool.{'.'.join('a' * 900)}]\n",
    "circle of groups": f"{PROJECT}[dependency-groups]\n{CHAIN}",
    "version": PROJECT.replace('version = "1.0"', f'version = "{DIGITS}"'),
    "Python": PROJECT.replace(">=3.9", f">={DIGITS}"),
    "requirement": PROJECT.replace('"app"', f'"app>={DIGITS}"'),
    "marker": PROJECT.replace('"app"', f'"app ; {PARENTHESES}"'),
    "marker of Poetry": f'{PROJECT}[tool.poetry.dependencies]\napp = {{version = "*", markers = "{PARENTHESES}"}}\n',
    "constraint of Poetry": f'{PROJECT}[tool.poetry.dependencies]\napp = "^{DIGITS}"\n',
    "patch release": f'{PROJECT}[tool.poetry-layer]\npython-patch = "3.12.{DIGITS}x"\n',
}
APP = Package(name="app").table()
DIRECTORY = {"source": {"type": "directory", "url": LONG}, "files": []}
LOCKS: dict[str, Callable[[str], str]] = {
    "integer": lambda text: f"{text}\n[x]\na = {DIGITS}\n",
    "array": lambda text: f"{text}\n[x]\na = {NESTED}\n",
    "lock version": lambda text: text.replace('"2.1"', f'"2.{DIGITS}"'),
    "version": lambda text: text.replace('version = "1.0"', f'version = "{DIGITS}"'),
    "marker": lambda text: text.replace("groups =", f'markers = "{PARENTHESES}"\ngroups ='),
    "number in a marker": lambda text: text.replace(
        "groups =", f"markers = \"python_version >= '{DIGITS}'\"\ngroups ="
    ),
    "path": lambda _: lock_text(PROJECT, [Package(name="app", other_keys=DIRECTORY)]),
}
"""What is wrong → the lock file, made from a sound one."""


def write(folder: Path, project: str = PROJECT, change: Callable[[str], str] = str) -> Path:
    """Write a project, and return its folder."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text(project, encoding="utf-8")
    (folder / "poetry.lock").write_text(change(lock_text(PROJECT, [Package(name="app")])), encoding="utf-8")
    return folder


@pytest.fixture(params=[*(f"project: {name}" for name in PROJECTS), *(f"lock: {name}" for name in LOCKS)])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a file that cannot be used."""
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    file, _, name = request.param.partition(": ")
    if file == "project":
        return write(tmp_path / "unusable", PROJECTS[name])
    return write(tmp_path / "unusable", change=LOCKS[name])


def is_short(message: str) -> bool:
    """Whether a message can be read: it does not repeat thousands of characters of a file."""
    return 0 < len(message) < 2000 and "Traceback" not in message


def test_every_command_ends_with_a_short_message(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would see a traceback, or the whole file."""
    sound = write(tmp_path / "sound")
    project, other = (["--runtime", "python3.12", "--project-dir", str(path)] for path in (folder, sound))
    for command in (
        ["plan", *project, "--json"],
        ["plan", *project, "--size"],
        ["plan", *project, "--compare", str(sound)],
        ["plan", *other, "--compare", str(folder)],
        ["build", *project, "--output", str(tmp_path / "layer.zip")],
    ):
        assert main(command) == 1, command
        assert is_short(capsys.readouterr().err), command


class NoMocks(pulumi.runtime.Mocks):
    """Expects no resource."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        raise AssertionError(f"no resource is expected: {args.name}")

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"no call is expected: {args.token}")


@pytest.fixture
def mocks() -> Iterator[None]:
    """Pulumi's runtime with mocks."""
    pulumi.runtime.set_mocks(NoMocks())
    yield
    pulumi.runtime.settings.reset_options()


def problem_of_program(**arguments: Any) -> str:
    """The message of the error that a program with a layer raises."""

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        PoetryLayer("deps", **{"runtime": "python3.12", **arguments})

    with pytest.raises(pulumi.RunError) as caught:  # the engine shows it without a traceback
        program()
    return str(caught.value)


@pytest.mark.usefixtures("mocks")
def test_program_ends_with_a_short_message(folder: Path) -> None:
    """The engine would show a traceback of this package."""
    assert is_short(problem_of_program(project_dir=folder))


def test_check_of_a_preview_raises_nothing(folder: Path) -> None:
    """A preview would end with a traceback if a file changes while it runs."""
    request = LayerRequest(project_dir=folder, runtime="python3.12", builder=WheelBuilder())
    inputs = {"fingerprint": "a", "packages": {}, "zip": "deps-a.zip", **request_inputs(request, str(folder))}

    assert LayerBuildProvider().check({}, {**inputs, "dry_run": True}).failures == []


@pytest.mark.usefixtures("mocks")
@pytest.mark.parametrize("name", [LONG, "x/" * 5000, "a\0b"])
def test_path_that_no_file_can_have_is_an_error(name: str, tmp_path: Path) -> None:
    """A user would see a traceback of the standard library."""
    assert is_short(problem_of_program(project_dir=name))
    sound: dict[str, Any] = {"project_dir": write(tmp_path / "sound"), "runtime": "python3.12", "output": "layer.zip"}
    for wrong in ({"project_dir": name}, {"output": tmp_path / name}):
        with pytest.raises(PoetryLayerError) as caught:
            build_layer(**{**sound, **wrong})
        assert str(caught.value)


@pytest.mark.parametrize("option", ["--project-dir", "--output", "--compare", "--group", "--runtime", "--python-patch"])
@pytest.mark.parametrize("value", [LONG, "x/" * 5000])
def test_option_with_a_long_value_ends_with_a_message(
    option: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would see a traceback of the standard library."""
    command = ["build"] if option == "--output" else ["plan"]
    assert (
        main([*command, "--project-dir", str(write(tmp_path / "sound")), "--runtime", "python3.12", option, value]) == 1
    )
    assert "error: " in capsys.readouterr().err
    assert [main([command, value]) for command in ("inspect", "verify")] == [1, 1]


SETTINGS = [
    f'readme = "../{LONG}"',
    f'[tool.poetry]\ninclude = ["{LONG}", "a**", "[", "{"x/" * 5000}"]',
    f"a = {DIGITS}",
    f"a = {NESTED}",
]


@pytest.mark.parametrize("settings", SETTINGS, ids=["path above", "include", "integer", "array"])
def test_settings_of_a_path_dependency_that_cannot_be_used_are_left_to_its_build(
    settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A layer that Poetry can install would be refused, with an error about a file that nobody needs."""
    table = {"source": {"type": "directory", "url": "dependency"}, "files": []}
    folder = write(tmp_path / "project", change=lambda _: lock_text(PROJECT, [Package(name="app", other_keys=table)]))
    (folder / "dependency").mkdir()
    (folder / "dependency" / "pyproject.toml").write_text(settings)

    assert main(["plan", "--project-dir", str(folder), "--runtime", "python3.12"]) == 0
    assert "app   1.0      path  dependency@" in capsys.readouterr().out


@pytest.mark.parametrize("text", [f"a = {DIGITS}", f"a = {NESTED}", f"a = 0x{'f' * 5000}"])
def test_poetry_toml_that_cannot_be_used_is_an_error_that_names_it(text: str, tmp_path: Path) -> None:
    """A user would see a traceback of a parser."""
    (tmp_path / "poetry.toml").write_text(text)

    with pytest.raises(InputError, match=r"poetry\.toml: not valid TOML: (a number|arrays or tables)"):
        read_configuration({}, tmp_path)


@pytest.mark.parametrize("depth", [1, 50, 98])
def test_nested_arrays_are_read(depth: int) -> None:
    """A file that is only unusual would be refused."""
    assert parse_toml(f"a = {'[' * depth}{']' * depth}")
    assert parse_toml(f"a = {'9' * 4000}")


def test_number_and_depth_are_limited_before_other_steps_reach_the_limits_of_python() -> None:
    """The content hash, or a copy of the file, would fail with an error of Python."""
    for text in (f"a = {'[' * 101}{']' * 101}", "".join(["a."] * 101) + "a = 1", f"a = 0x{'f' * 4000}"):
        with pytest.raises(TomlError):
            parse_toml(text)
    tomli_w.dumps(parse_toml(f"a = {'[' * 98}{']' * 98}\nb = {'9' * 4000}"))


def test_chain_of_a_thousand_groups_is_planned(tmp_path: Path) -> None:
    """A project with many groups would be refused."""
    chain = "".join(f'g{number} = [{{include-group = "g{number + 1}"}}]\n' for number in range(1000))
    project = f'{PROJECT}[dependency-groups]\n{chain}g1000 = ["app"]\n'
    folder = write(tmp_path / "project", project)
    (folder / "poetry.lock").write_text(lock_text(project, [Package(name="app", groups=["main", "g0"])]))

    plan, _ = plan_request(LayerRequest(project_dir=folder, runtime="python3.12", groups=("g0",)))

    assert [package.name for package in plan.packages] == ["app"]
