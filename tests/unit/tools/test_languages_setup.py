"""The setup of what programs in other languages need: what is built, and when it is built again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import ModuleType

import pytest
import setup
from dev_setup import engine, go, go_packages, language_hosts, node_packages, project_venv
from dev_setup.common import REPOSITORY, SetupError, digest_of

HOSTS = ("pulumi-language-yaml", "pulumi-language-nodejs", "pulumi-language-go")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the programs that Go has built; each is an empty file."""
    names: list[str] = []

    def build(_modules: Path, _package: str, target: Path, _flags: object) -> None:
        names.append(target.name)
        target.touch(mode=0o755)

    monkeypatch.setattr(go, "build", build)
    return names


def engine_in(folder: Path, programs: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the setup find an engine, with these programs beside it."""
    folder.mkdir()
    for name in programs:
        (folder / name).touch(mode=0o755)
    monkeypatch.setattr(engine, "executable_folder", lambda: folder)


def test_hosts_are_built_once(built: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise each setup takes minutes."""
    engine_in(tmp_path / "engine", (), monkeypatch)
    assert language_hosts.executable_folder() is None
    language_hosts.ensure()
    language_hosts.ensure()
    assert sorted(built) == sorted([*HOSTS, "sdk_codegen"])
    folder = language_hosts.executable_folder()
    assert folder is not None
    assert {path.name for path in folder.iterdir()} == {*HOSTS, "sdk_codegen"}


def test_hosts_of_the_official_installer_are_used(
    built: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise old hosts are built although the engine has brought its own."""
    engine_in(tmp_path / "engine", HOSTS, monkeypatch)
    language_hosts.ensure()
    assert built == ["sdk_codegen"]


@pytest.mark.parametrize(
    ("part", "pinned"), [(node_packages, "typescript/package-lock.json"), (go_packages, "go/go.sum")]
)
def test_packages_are_installed_again_if_a_lock_file_changes(
    part: ModuleType, pinned: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the tests run with old packages."""
    language = pinned.partition("/")[0]
    copy = Path(shutil.copytree(REPOSITORY / "examples" / language, tmp_path / language))
    monkeypatch.setattr(part, "_EXAMPLE", copy)
    before = part._folder()
    (copy / "handler" / "app.py").write_text("# another handler\n", encoding="utf-8")
    assert part._folder() == before
    with (tmp_path / pinned).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert part._folder() != before


def test_stub_imports_what_the_example_imports_without_the_sdk() -> None:
    """Otherwise the test of the example compiles for minutes, or the stub needs an SDK that is not there yet."""
    program = (REPOSITORY / "examples" / "go" / "main.go").read_text(encoding="utf-8")
    stub = go_packages._stub()
    imported = [line.split('"')[1] for line in stub.splitlines() if line.startswith("import")]
    assert len(imported) == 3
    assert all(f'"{package}"' in program for package in imported)
    assert "poetrylayer" not in stub


def test_missing_node_is_an_error_that_names_the_part(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Otherwise a contributor sees that a file does not exist."""
    monkeypatch.setattr(project_venv, "FOLDER", tmp_path)
    with pytest.raises(SetupError, match=r"Node\.js is not in \.venv; install the part 'venv' first"):
        node_packages.ensure()


def test_environment_has_the_settings_of_go_only_with_its_packages(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise Go programs in the tests are compiled in the user's cache."""
    setup.main(["env", "--json"])
    assert json.loads(capsys.readouterr().out)["go_variables"] == {}
    program = go_packages._folder() / "bin" / "go"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    setup.main(["env", "--json"])
    variables = json.loads(capsys.readouterr().out)["go_variables"]
    assert Path(variables["GOCACHE"]).is_relative_to(cache)
    assert Path(variables["GOMODCACHE"]).is_relative_to(cache)


def test_digest_depends_on_the_order_and_the_borders_of_contents() -> None:
    """Otherwise two sets of pinned files share an entry of the cache."""
    assert len({digest_of(b"a", b"b"), digest_of(b"b", b"a"), digest_of(b"ab"), digest_of(b"ab", b"")}) == 4
