"""A broken environment never ends in a traceback: streams, home folder, caches, variables, resource limits."""

from __future__ import annotations

import logging
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from samples import PROJECT, PROJECTS, Package, lock_text
from samples.index import Index, file_hash, serve
from samples.wheels import WheelSample

from pulumi_poetry_layer.cli import main
from pulumi_poetry_layer.errors import HostError, InputError
from pulumi_poetry_layer.host.build_log import show_output
from pulumi_poetry_layer.host.cache import cache_root
from pulumi_poetry_layer.host.failures import host_errors
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.poetry_config import PoetryConfiguration
from pulumi_poetry_layer.index.sources import Address
from pulumi_poetry_layer.layer import build as build_module
from pulumi_poetry_layer.layer.build import build_layer
from pulumi_poetry_layer.wheels.build_environment import git_variables

PLAN = ["plan", "--project-dir", str(PROJECTS / "base"), "--runtime", "python3.12"]
WHEEL = WheelSample()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project whose one wheel is on an index."""
    folder = tmp_path / "project"
    folder.mkdir()
    package = Package(name="app", files=(WHEEL.file_name,))
    lock = lock_text(PROJECT, [package]).replace(package.table()["files"][0]["hash"], file_hash(WHEEL.data()))
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "poetry.lock").write_text(lock)
    monkeypatch.setenv("NO_PROXY", "*")
    with serve(Index(files={WHEEL.file_name: WHEEL.data()})) as index:
        monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", index.url)
        yield folder


def shell(command: str, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run the command line in a shell; ``"$@"`` in the command is the command line."""
    line = ["sh", "-c", command, "sh", sys.executable, "-m", "pulumi_poetry_layer", *arguments]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(line, env=buffered, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_stream_does_not_matter(closed: str) -> None:
    """A program without a terminal, such as a service, could not build."""
    done = shell(f'exec "$@" {closed}', PLAN)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("more", [[], ["--json"], ["--exclude", "six", "--exclude", "idna"]])
def test_full_standard_output_is_an_error_without_a_traceback(more: list[str]) -> None:
    """A plan that is cut off because the disk is full would look complete."""
    done = shell('exec "$@" > /dev/full', [*PLAN, *more])
    assert (done.returncode, done.stderr) == (
        1,
        "error: standard output: cannot be written: No space left on device\n",
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_full_standard_error_does_not_change_the_exit_code() -> None:
    """A wrong argument would end in a traceback that nobody can read."""
    assert (
        shell('exec "$@" 2> /dev/full', ["plan", "--project-dir", "nowhere", "--runtime", "python3.12"]).returncode == 1
    )


def test_character_that_the_terminal_cannot_show_is_escaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path with an accent would end a build on a CI system whose output is ASCII."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "über"))
    done = subprocess.run(
        [sys.executable, "-m", "pulumi_poetry_layer", "cache", "dir"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\xfcber" in done.stdout


def test_log_line_that_cannot_be_shown_does_not_end_a_build() -> None:
    """A build would fail because the terminal was closed."""

    def full(_line: str) -> None:
        raise OSError(28, "No space left on device")

    show_output(full)
    logging.getLogger("pulumi_poetry_layer.test").warning("a line")


@pytest.mark.parametrize("variable", [None, "~nobody-has-this-name/cache"])
def test_cache_is_not_used_without_a_home_folder(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A container with an unknown user could not build, or a folder named "~" would appear."""

    def unknown(_user: object) -> pwd.struct_passwd:
        raise KeyError("unknown user")

    for name in ("HOME", "XDG_CACHE_HOME", "PULUMI_POETRY_LAYER_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", variable)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(pwd, "getpwnam", unknown)
    monkeypatch.chdir(tmp_path)

    assert cache_root().parts[:3] == ("/", "dev", "null")
    assert main(["build", "--project-dir", str(project), "--runtime", "python3.12", "--output", "layer.zip"]) == 0
    assert "the wheel cache cannot be used, so this build keeps nothing" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["layer.zip", "project"]
    assert main(["cache", "size"]) == main(["cache", "clear"]) == 0


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (OSError(28, "No space left on device", "/x"), "/x: No space left on device", "free disk space"),
        (OSError(24, "Too many open files"), "Too many open files", "ulimit -n"),
        (PermissionError(13, "Permission denied", "/x"), "/x: Permission denied", "PULUMI_POETRY_LAYER_CACHE_DIR"),
        (MemoryError(), "out of memory", "ulimit -v"),
        (RuntimeError("can't start new thread"), "cannot start another thread", "ulimit -u"),
        (FileNotFoundError(2, "No usable temporary directory found"), "No usable temporary directory found", None),
    ],
)
def test_lack_of_resources_is_an_error_with_a_hint(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str, hint: str | None
) -> None:
    """A user would see a traceback when the disk is full."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(build_module, "build_planned", fail)
    with pytest.raises(HostError) as caught:
        build_layer(project_dir=project, runtime="python3.12", output=tmp_path / "layer.zip")
    assert str(caught.value).splitlines()[0] == message
    assert (hint or "None") in str(caught.value.hint)


def test_other_errors_are_passed_on() -> None:
    """A bug would be reported as an error of the machine."""
    with pytest.raises(RuntimeError, match="a bug"), host_errors():
        raise RuntimeError("a bug")
    with pytest.raises(BrokenPipeError), host_errors():
        raise BrokenPipeError


@pytest.mark.skipif(os.name != "posix", reason="Windows has no limit on the size of files")
def test_limit_on_the_size_of_files_is_named(project: Path, tmp_path: Path) -> None:
    """A user would see a traceback."""
    arguments = [
        "build",
        "--project-dir",
        str(project),
        "--runtime",
        "python3.12",
        "--output",
        str(tmp_path / "layer.zip"),
    ]
    # Coverage would have to write a file as well.
    done = shell('unset COVERAGE_PROCESS_CONFIG; ulimit -f 0; exec "$@"', arguments)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "layer.zip").exists()


def test_keyring_that_cannot_be_loaded_is_ignored(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that chooses a keyring of another environment would end a build with a traceback."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "no_such_module.Keyring")
    arguments = [
        "build",
        "--project-dir",
        str(project),
        "--runtime",
        "python3.12",
        "--output",
        str(tmp_path / "layer.zip"),
    ]
    done = subprocess.run([sys.executable, "-m", "pulumi_poetry_layer", *arguments], check=False)
    assert done.returncode == 0


def test_invalid_address_of_a_mirror_names_the_variable() -> None:
    """A user would see a traceback."""
    credentials = Credentials(PoetryConfiguration({"POETRY_PYPI_MIRROR_URL": "https://["}))
    with pytest.raises(InputError, match="is not a valid address") as caught:
        credentials.mirror()
    assert caught.value.where == "POETRY_PYPI_MIRROR_URL"


def test_git_setting_that_is_not_a_number_names_the_variable() -> None:
    """A user would see a traceback."""
    address = Address.of("https://me:secret@git.invalid/app")
    with pytest.raises(InputError, match="'abc' is not a number") as caught:
        git_variables({"GIT_CONFIG_COUNT": "abc"}, address)
    assert caught.value.where == "GIT_CONFIG_COUNT"
