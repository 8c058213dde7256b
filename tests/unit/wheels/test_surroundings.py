"""What the build of a path dependency reads outside of its folder."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from pulumi_poetry_layer.plan.build_plan import PlannedPackage
from pulumi_poetry_layer.poetry.locked import LockedSource
from pulumi_poetry_layer.poetry.lockfile import LockedPackage
from pulumi_poetry_layer.wheels.path_dependencies import content_digests, copy_path
from pulumi_poetry_layer.wheels.surroundings import surroundings_of

SOURCE = LockedSource(type="directory", url="libs/lib")
LOCKED = LockedPackage(
    name="lib", version="1.0", groups=frozenset(), markers={}, files=(), dependencies=(), source=SOURCE
)
README = '[project]\nname = "lib"\nversion = "1.0"\nreadme = "../../README.md"\n'
PLAIN = '[project]\nname = "lib"\nversion = "1.0"\n'
SCM = '[build-system]\nrequires = ["setuptools", "setuptools-scm"]\n[tool.setuptools_scm]\nroot = "../.."\n'


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder."""
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.invalid", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def repository(
    folder: Path, pyproject: str, files: Mapping[str, str] = MappingProxyType({}), *, tracked: bool = True
) -> Path:
    """A repository with a library in ``libs/lib`` and files at its root."""
    lib = folder / "libs" / "lib"
    (lib / "lib").mkdir(parents=True)
    (lib / "lib" / "__init__.py").write_text("a = 1\n")
    (lib / "pyproject.toml").write_text(pyproject)
    texts = {"README.md": "# Read me\n", "VERSION": "1.0\n", "poetry.lock": "", "other/a.py": "", **files}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    if tracked:
        git(folder, "init", "--quiet")
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "-m", "first")
        git(folder, "tag", "v1.2")
    return lib


def digest(folder: Path) -> str:
    """The digest of the library."""
    return content_digests([LOCKED], folder)["lib"]


def copied(folder: Path, target: Path) -> Path:
    """A copy of the library to build from."""
    package = PlannedPackage(name="lib", version="1.0", file=None, source=SOURCE, digest=digest(folder))
    return copy_path(package, folder, target)


@pytest.mark.parametrize("tracked", [True, False])
def test_file_above_the_folder_is_copied_and_decides_the_digest(tmp_path: Path, tracked: bool) -> None:
    """Otherwise the build fails because of `readme = "../../README.md"`, or an edit of the file is not deployed."""
    folder = tmp_path / "repository"
    repository(folder, README, tracked=tracked)
    before = digest(folder)

    copy = copied(folder, tmp_path / "copy")
    assert (copy / ".." / ".." / "README.md").read_text() == "# Read me\n"
    assert copy == tmp_path / "copy" / "libs" / "lib"
    assert not (tmp_path / "copy" / "VERSION").exists()

    (folder / "VERSION").write_text("2.0\n")
    assert digest(folder) == before
    (folder / "README.md").write_text("changed\n")
    assert digest(folder) != before


@pytest.mark.parametrize(
    "script",
    [
        'open("../../VERSION").read()',
        'open(os.path.join(here, "..", "..", "VERSION")).read()',
        '(Path(__file__).resolve().parents[2] / "VERSION").read_text()',
        '(Path(__file__).parent.parent.parent / "VERSION").read_text()',
        "open(os.path.join(os.path.dirname(os.path.dirname(__file__)), 'VERSION'))",
    ],
)
@pytest.mark.parametrize("tracked", [True, False])
def test_file_that_setup_py_reads_above_the_folder_is_copied_and_decides_the_digest(
    tmp_path: Path, script: str, tracked: bool
) -> None:
    """Otherwise a library with one VERSION for all of a repository cannot be built, or only in a work tree of git."""
    repository(tmp_path / "r", PLAIN, {"libs/lib/setup.py": script}, tracked=tracked)
    before = digest(tmp_path / "r")

    copy = copied(tmp_path / "r", tmp_path / "copy")
    assert (copy / ".." / ".." / "VERSION").read_text() == "1.0\n"
    assert not (copy / ".." / ".." / "README.md").exists()

    (tmp_path / "r" / "README.md").write_text("changed")
    (tmp_path / "r" / "poetry.lock").write_text("changed")
    (tmp_path / "r" / "other" / "a.py").write_text("changed")
    assert digest(tmp_path / "r") == before
    (tmp_path / "r" / "VERSION").write_text("2.0\n")
    assert digest(tmp_path / "r") != before


def test_names_that_setup_py_puts_together_are_among_the_tracked_files_above(tmp_path: Path) -> None:
    """Otherwise a library cannot be built if no search finds the names of the files that it reads."""
    script = '(Path(__file__).parents[2] / f"{"VER"}SION").read_text()'
    repository(tmp_path / "r", PLAIN, {"libs/lib/setup.py": script})

    copy = copied(tmp_path / "r", tmp_path / "copy")

    assert (copy / ".." / ".." / "VERSION").read_text() == "1.0\n"


@pytest.mark.parametrize("script", ['(Path(__file__).parent / "README.md").read_text()', "# and so on ...", "setup()"])
def test_build_that_reads_its_own_folder_only_has_no_surroundings(tmp_path: Path, script: str) -> None:
    """Otherwise every change elsewhere in the repository publishes a new layer version."""
    lib = repository(tmp_path, PLAIN, {"libs/lib/setup.py": script})

    assert surroundings_of(lib) is None


@pytest.mark.parametrize("tracked", [True, False])
def test_folder_beside_the_dependency_is_copied_and_decides_the_digest(tmp_path: Path, tracked: bool) -> None:
    """A library that packs a shared package could be built in a work tree of git only."""
    shared = '[tool.poetry]\npackages = [{ include = "shared", from = "../common" }]\n'
    repository(tmp_path, PLAIN + shared, {"libs/common/shared/a.py": "a = 1\n"}, tracked=tracked)
    (tmp_path / "libs" / "common" / "shared" / "__pycache__").mkdir()
    (tmp_path / "libs" / "common" / "shared" / "__pycache__" / "a.pyc").write_text("cache")
    before = digest(tmp_path)

    copy = copied(tmp_path, tmp_path / "copy")

    assert (copy / "../common/shared/a.py").read_text() == "a = 1\n"
    assert not (copy / "../common/shared/__pycache__").exists()
    (tmp_path / "libs" / "common" / "shared" / "a.py").write_text("a = 2\n")
    assert digest(tmp_path) != before


def test_version_from_git_is_in_the_copy_and_decides_the_digest(tmp_path: Path) -> None:
    """Otherwise setuptools-scm fails in the copy, or a new tag is not deployed."""
    folder = tmp_path / "r"
    lib = repository(folder, SCM)
    before = digest(folder)

    copy = copied(folder, tmp_path / "copy")
    assert git(copy, "describe", "--tags", "--dirty") == "v1.2"
    assert git(copy, "status", "--porcelain") == ""
    assert git(folder, "worktree", "list").count("\n") == 0

    elsewhere = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(folder), str(elsewhere))
    assert digest(elsewhere) == before  # the same content on a laptop and in CI

    (folder / "other" / "a.py").write_text("changed = True\n")
    changed = digest(folder)
    assert changed != before  # the version says so: 1.3.dev0+…
    assert git(copied(folder, tmp_path / "dirty"), "describe", "--tags", "--dirty") == "v1.2-dirty"
    git(folder, "checkout", "--quiet", ".")
    git(folder, "tag", "v1.3")
    git(folder, "tag", "-d", "v1.2")
    assert digest(folder) not in {before, changed}
    assert lib.is_dir()


def test_repository_without_a_commit_is_copied_without_git(tmp_path: Path) -> None:
    """Otherwise the first plan of a new repository ends with an error of git."""
    lib = repository(tmp_path / "r", SCM, tracked=False)
    git(tmp_path / "r", "init", "--quiet")
    git(tmp_path / "r", "add", ".")

    assert copied(tmp_path / "r", tmp_path / "copy").is_dir()
    assert not (tmp_path / "copy" / ".git").exists()
    assert lib.is_dir()
