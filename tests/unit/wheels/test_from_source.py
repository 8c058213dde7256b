"""Tests of building wheels from source: what git and Python must not do because a lock file or a project says so."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pulumi_poetry_layer.errors import PackageFileError, SubprocessError
from pulumi_poetry_layer.plan.build_plan import PlannedPackage
from pulumi_poetry_layer.poetry.locked import LockedSource
from pulumi_poetry_layer.wheels.from_source import build_pure_wheel, check_out

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "app"
version = "1.0"
"""

BACKEND = """\
import zipfile
def build_wheel(folder, *_):
    files = {"app.py": "", "app-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: app\\nVersion: 1.0\\n",
             "app-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}
    import base64, hashlib
    rows = [f"{n},sha256={base64.urlsafe_b64encode(hashlib.sha256(t.encode()).digest()).rstrip(b'=').decode()},{len(t)}"
            for n, t in files.items()]
    record = "app-1.0.dist-info/RECORD"
    with zipfile.ZipFile(f"{folder}/app-1.0-py3-none-any.whl", "w") as archive:
        for name, text in {**files, record: "\\n".join([*rows, f"{record},,"])}.items():
            archive.writestr(name, text)
    return "app-1.0-py3-none-any.whl"
"""


def git(folder: Path, *arguments: str) -> str:
    """Run git as a user would."""
    command = ["git", "-c", "user.name=n", "-c", "user.email=e@example.invalid", "-c", "protocol.file.allow=always"]
    ended = subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return ended.stdout.strip()


def repository(folder: Path) -> str:
    """A repository with a file on the branch ``main``; returns its commit."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "file").write_text("text")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    return git(folder, "rev-parse", "HEAD")


def package(url: str, commit: str) -> PlannedPackage:
    """A planned git dependency."""
    source = LockedSource(type="git", url=url, resolved_reference=commit)
    return PlannedPackage(name="app", version="1.0", file=None, source=source)


@needs_git
@pytest.mark.parametrize(
    ("url", "commit"),
    [
        ("--upload-pack=touch {marker};", "a" * 40),
        ("ext::sh -c 'touch {marker}'", "a" * 40),
        ("{repository}", "--orphan=x"),
        ("{repository}", "main"),
        ("{repository}", "-b"),
    ],
)
def test_address_or_commit_that_git_would_take_for_something_else_is_refused(
    tmp_path: Path, url: str, commit: str
) -> None:
    """A lock file could have git run a program, or put another branch into the layer."""
    repository(tmp_path / "repository")
    marker = tmp_path / "marker"

    with pytest.raises(PackageFileError, match=r"is not|does not start with"):
        check_out(package(url.format(marker=marker, repository=tmp_path / "repository"), commit), tmp_path / "tree")

    assert not marker.exists()
    assert not (tmp_path / "tree").exists()


@needs_git
def test_submodule_with_a_transport_that_runs_a_program_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository could run a program on this host, if the user's configuration of git allows all transports."""
    repository(tmp_path / "repository")
    commit = repository(tmp_path / "module")
    git(tmp_path / "repository", "submodule", "--quiet", "add", str(tmp_path / "module"), "module")
    modules = tmp_path / "repository" / ".gitmodules"
    modules.write_text(modules.read_text().replace(str(tmp_path / "module"), f"ext::sh -c touch% {tmp_path}/marker"))
    git(tmp_path / "repository", "commit", "--quiet", "-am", "second")
    commit = git(tmp_path / "repository", "rev-parse", "HEAD")
    for number, (key, value) in enumerate({"protocol.allow": "always", "protocol.ext.allow": "always"}.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")

    with pytest.raises(SubprocessError, match="not allowed"):
        check_out(package(str(tmp_path / "repository"), commit), tmp_path / "tree")

    assert not (tmp_path / "marker").exists()


@needs_git
@pytest.mark.parametrize("prefix", ["", "file://"])
def test_locked_commit_of_a_repository_on_this_host_is_checked_out(tmp_path: Path, prefix: str) -> None:
    """A git dependency on a repository in another folder could not be built."""
    commit = repository(tmp_path / "repository")

    tree = check_out(package(f"{prefix}{tmp_path / 'repository'}", commit), tmp_path / "tree")

    assert (tree / "file").read_text() == "text"


@pytest.mark.parametrize("name", ["build.py", "build/__init__.py"])
def test_module_of_a_project_does_not_replace_the_build_program(tmp_path: Path, name: str) -> None:
    """A project with a module `build` could not be built, because Python would run it in place of pypa/build."""
    tree = tmp_path / "work" / "tree"
    (tree / name).parent.mkdir(parents=True)
    (tree / name).write_text("raise SystemExit('the module of the project')")
    (tree / "pyproject.toml").write_text(PYPROJECT)
    (tree / "backend.py").write_text(BACKEND)

    wheel = build_pure_wheel(tree, tmp_path / "work" / "built", "app 1.0", {"PATH": os.defpath})

    assert (wheel.name, wheel.version) == ("app", "1.0")
