"""What Go downloads and compiles lies in one folder of the setup, which is removed at the end."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
import setup
from dev_setup import go

MODULES = {"go.mod": "module example.org/tool\n\ngo 1.21\n", "main.go": "package main\n\nfunc main() {}\n"}


@pytest.fixture
def fake_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``go`` on PATH that writes its environment beside itself; its module cache is read-only, as that of Go."""
    if sys.platform == "win32":
        pytest.skip("the stand-in for go is a shell script")
    programs = tmp_path / "programs"
    programs.mkdir()
    script = programs / "go"
    script.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = version ]; then echo "go version go1.26.8 linux/amd64"; exit; fi\n'
        f'env > "{tmp_path}/environment-of-$1"\n'
        'mkdir -p "$GOMODCACHE/example.org/module" "$GOCACHE"\n'
        'echo code > "$GOMODCACHE/example.org/module/code.go"\n'
        'chmod 0500 "$GOMODCACHE/example.org/module"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return tmp_path


def build(tmp_path: Path) -> None:
    """Build the program of ``MODULES``."""
    modules = tmp_path / "tool"
    modules.mkdir(exist_ok=True)
    for name, text in MODULES.items():
        (modules / name).write_text(text, encoding="utf-8")
    go.build(modules, "example.org/tool", tmp_path / "program")


def test_builds_write_nothing_into_the_caches_of_the_user(fake_go: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo would leave gigabytes in the user's caches of Go."""
    for name in ("GOCACHE", "GOMODCACHE", "GOENV", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(fake_go / "user" / name))

    build(fake_go)

    for command in ("list", "build"):
        text = (fake_go / f"environment-of-{command}").read_text(encoding="utf-8")
        environment = dict(line.partition("=")[::2] for line in text.splitlines())
        for name in ("GOCACHE", "GOMODCACHE", "XDG_CONFIG_HOME"):
            assert Path(environment[name]).is_relative_to(go.workspace())
        assert environment["GOENV"] == str(fake_go / "user" / "GOENV")  # GOPROXY may be set there
    assert not (fake_go / "user").exists()


def test_setup_removes_what_go_downloaded_and_compiled(fake_go: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gigabytes would stay on the disk."""
    monkeypatch.setattr(setup, "PARTS", {"tool": lambda: build(fake_go)})

    setup.install(["tool"])

    assert (fake_go / "environment-of-build").exists()
    assert sorted(path.name for path in go.workspace().parent.iterdir()) == [".lock"]


def test_interrupted_setup_keeps_what_go_has_done_and_the_next_one_removes_it(
    fake_go: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C would cost the whole build once more, or leave gigabytes for good."""

    def interrupted() -> None:
        build(fake_go)
        raise KeyboardInterrupt

    monkeypatch.setattr(setup, "PARTS", {"tool": interrupted})
    assert setup.main(["install", "tool"]) == 130
    assert "the same command goes on from here" in capsys.readouterr().err
    code = go.workspace() / "modules/example.org/module/code.go"
    assert code.is_file()

    monkeypatch.setattr(setup, "PARTS", {"demo-venv": lambda: None})
    assert setup.main(["install", "demo-venv"]) == 0  # `make demo` starts with it, before it goes on with the build
    assert code.is_file()

    monkeypatch.setattr(setup, "PARTS", {"tool": lambda: None})
    assert setup.main(["install", "tool"]) == 0
    assert not go.workspace().exists()


def test_interrupted_removal_leaves_no_half_of_a_module(
    fake_go: Path, monkeypatch: pytest.MonkeyPatch, tools_folder: Path
) -> None:
    """The next build would find a module without some of its files, and fail."""
    build(fake_go)

    def interrupted(folder: Path, **_: object) -> None:
        if folder.exists():
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            go.remove_workspace()
    assert not go.workspace().exists()
    assert len(list(tools_folder.iterdir())) == 1

    go.remove_workspace()

    assert list(tools_folder.iterdir()) == []


def test_setup_removes_what_a_killed_one_left_half_built(tools_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each killed setup would leave hundreds of megabytes."""
    half_built = tools_folder / ".pulumi-1.2.3-x1y2z3" / "pulumi-1.2.3"
    half_built.mkdir(parents=True)
    (tools_folder / "poetry-2.5.1").mkdir()
    monkeypatch.setattr(setup, "PARTS", {})

    setup.install([])

    assert sorted(path.name for path in tools_folder.iterdir()) == [".lock", "poetry-2.5.1"]
