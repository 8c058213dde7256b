"""What a user reads if an index is down, or needs a login: one message per index."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from samples import PROJECT, Package, lock_text
from samples.index import Index, serve
from samples.wheels import WheelSample

from pulumi_poetry_layer.cli import main
from pulumi_poetry_layer.index.limits import Limits

WHEELS = [WheelSample(name=f"p{number}") for number in range(12)]
SOURCE = """
[[tool.poetry.source]]
name = "mine"
url = "{}"
priority = "explicit"
"""


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with all packages."""
    index = Index(files={wheel.file_name: wheel.data() for wheel in WHEELS})
    with serve(index):
        yield index


@pytest.fixture
def private() -> Iterator[Index]:
    """An index that needs a login."""
    index = Index(files={wheel.file_name: wheel.data() for wheel in WHEELS}, login=("me", "secret"))
    with serve(index):
        yield index


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, and short pauses between attempts."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    set_first_pause(monkeypatch, 0.01)


def set_first_pause(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Set the pause before the second attempt."""
    defaults = Limits.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "first_pause", seconds)


def build(folder: Path, source: str = "", *options: str) -> int:
    """Build a layer; half of its packages come from a source of the project, if there is one."""
    folder.mkdir()
    names = [wheel.name for wheel in WHEELS]
    project = PROJECT.replace('["app"]', str(names).replace("'", '"')) + (SOURCE.format(source) if source else "")
    locked = {"type": "legacy", "url": source, "reference": "mine"} if source else None
    packages = [
        Package(
            name=wheel.name,
            source=locked if number % 2 else None,
            other_keys={"files": [{"file": wheel.file_name, "hash": wheel.hash}]},
        )
        for number, wheel in enumerate(WHEELS)
    ]
    (folder / "pyproject.toml").write_text(project)
    (folder / "poetry.lock").write_text(lock_text(project, packages))
    arguments = ["build", "-q", "-C", str(folder), "--runtime", "python3.13", "-o", str(folder / "layer.zip")]
    return main([*arguments, *options])


def test_two_indexes_with_a_missing_login_and_no_connection_are_two_messages(
    private: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would read two lines for each package, and fix one index after the other."""
    monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", "http://127.0.0.1:9/simple/")

    assert build(tmp_path / "project", private.url.rstrip("/")) == 1

    printed = capsys.readouterr().err
    assert printed.startswith("error: 2 problems:\n")
    assert printed.count("cannot be reached") == printed.count("asks for a login (HTTP status 401)") == 1
    assert "POETRY_HTTP_BASIC_MINE_USERNAME and POETRY_HTTP_BASIC_MINE_PASSWORD" in printed
    assert len(printed.splitlines()) == 5
    assert len(private.requests) <= 4  # those that are sent at the same time


@pytest.mark.parametrize("status", [502, 503, 504])
def test_index_that_is_down_is_one_message(
    status: int, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user whose proxy has no network would read two lines for each package, after half a minute."""
    monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", index.url)
    index.failures = [status] * 100

    assert build(tmp_path / "project") == 1

    printed = capsys.readouterr().err
    assert f"failed: HTTP status {status}\n" in printed
    assert printed.startswith("error: p0 1.0, p1 1.0, p10 1.0")
    assert len(printed.splitlines()) == 2
    assert len(index.requests) <= 20


def test_network_that_is_down_is_reported_after_three_attempts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user without a network would wait."""
    set_first_pause(monkeypatch, 1.0)
    monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", "http://127.0.0.1:9/simple/")
    started = time.monotonic()

    assert build(tmp_path / "project") == 1

    assert time.monotonic() - started < 1 + 2 + 4  # the pauses before the second, third and fourth attempt
    assert "cannot be reached: Connection refused" in capsys.readouterr().err


def test_index_that_denies_some_packages_still_delivers_the_others(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would believe that no package may be read."""
    monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", index.url)
    index.failures = [403, 403]

    assert build(tmp_path / "project") == 1

    printed = capsys.readouterr().err
    assert printed.count("denies access (HTTP status 403)") == 1
    assert len([path for path, _ in index.requests if path.startswith("/files/")]) == 10


def test_missing_login_is_reported_before_anything_is_downloaded(
    index: Index,
    private: Index,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A user would wait for hundreds of megabytes, and then read that a login is missing."""
    monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", index.url)

    assert build(tmp_path / "project", private.url.rstrip("/")) == 1

    printed = capsys.readouterr().err
    assert printed.count("asks for a login (HTTP status 401)") == 1
    assert len(printed.splitlines()) == 2
    assert [path for path, _ in index.requests if path.endswith(".whl")] == []


@pytest.mark.parametrize("wrong", [["--group", "nope"], ["--strip", "test"], ["--group", "nope", "--strip", "test"]])
def test_missing_login_is_reported_together_with_what_is_wrong_with_the_input(
    wrong: list[str], private: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would correct a name, and learn of the missing login in the next run."""
    assert build(tmp_path / "project", private.url.rstrip("/"), "--group", "main", *wrong) == (
        2 if "test" in wrong else 1
    )

    printed = capsys.readouterr().err
    assert printed.startswith(f"error: {len(wrong) // 2 + 1} problems:\n")
    assert printed.count("the source 'mine' ") == printed.count("asks for a login (HTTP status 401)") == 1
    assert (
        "hint: set POETRY_HTTP_BASIC_MINE_USERNAME and POETRY_HTTP_BASIC_MINE_PASSWORD, or run `poetry config "
        in printed
    )
    assert len(private.requests) == 1


def test_index_that_is_down_does_not_hide_what_is_wrong_with_the_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user without a network would wait, and read about the network instead of the misspelled name."""
    assert build(tmp_path / "project", "http://127.0.0.1:9/simple", "--group", "nope") == 1

    assert capsys.readouterr().err.startswith("error: --group: unknown group 'nope'\n")
