"""Which files belong to a path dependency, and that only these are copied."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_poetry_layer.errors import BuildError, PackageFileError, SubprocessError
from pulumi_poetry_layer.plan.build_plan import PlannedPackage
from pulumi_poetry_layer.poetry.locked import LockedSource
from pulumi_poetry_layer.poetry.lockfile import LockedPackage
from pulumi_poetry_layer.wheels import path_dependencies
from pulumi_poetry_layer.wheels.path_dependencies import content_digests, copy_path

DIRECTORY = LockedSource(type="directory", url="../lib")
LOCKED = LockedPackage(
    name="lib", version="1.0", groups=frozenset(), markers={}, files=(), dependencies=(), source=DIRECTORY
)


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    """A library beside the project."""
    lib = tmp_path / "lib"
    (lib / "lib").mkdir(parents=True)
    (tmp_path / "service").mkdir()
    (lib / "pyproject.toml").write_text("[project]\nname = 'lib'\nversion = '1.0'\n")
    (lib / "lib" / "__init__.py").write_text("a = 1\n")
    return lib


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder."""
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def tracked(lib: Path) -> Path:
    """The same library in a git work tree."""
    git(lib.parent, "init", "--quiet")
    git(lib.parent, "add", ".")
    return lib


@pytest.fixture(params=["outside of a work tree", "in a work tree"])
def either(request: pytest.FixtureRequest, lib: Path) -> Path:
    """The library, with and without git."""
    if request.param == "in a work tree":
        request.getfixturevalue("tracked")
    return lib


def digest(lib: Path) -> str:
    """The digest of the library."""
    return content_digests([LOCKED], lib.parent / "service")["lib"]


@pytest.mark.parametrize(
    "name", ["lib/__pycache__/a.pyc", "lib/.a.py.swp", ".venv/a.py", "dist/a.whl", "lib.egg-info/PKG-INFO", ".idea/a"]
)
def test_caches_environments_and_editor_files_do_not_change_the_digest(either: Path, name: str) -> None:
    """Otherwise running the tests of a library, or opening it in an editor, publishes a new layer."""
    before = digest(either)
    (either / name).parent.mkdir(parents=True, exist_ok=True)
    (either / name).write_text("x")

    assert digest(either) == before


def edit(lib: Path) -> None:
    """Change a file."""
    (lib / "lib" / "__init__.py").write_text("a = 2\n")


def make_executable(lib: Path) -> None:
    """Make a file executable."""
    (lib / "lib" / "__init__.py").chmod(0o755)


def remove(lib: Path) -> None:
    """Remove a file."""
    (lib / "lib" / "__init__.py").unlink()


@pytest.mark.parametrize("change", [edit, make_executable, remove])
def test_changed_content_changes_the_digest(either: Path, change: Callable[[Path], None]) -> None:
    """Otherwise the layer keeps the old content."""
    before = digest(either)
    change(either)

    assert digest(either) != before


def test_untracked_file_does_not_change_the_digest_and_a_tracked_file_does(tracked: Path) -> None:
    """Otherwise notes, logs and local settings beside the code publish a new layer."""
    before = digest(tracked)
    (tracked / "notes.txt").write_text("x")
    assert digest(tracked) == before

    git(tracked, "add", "notes.txt")
    assert digest(tracked) != before


def test_path_of_the_folder_and_dates_do_not_change_the_digest(either: Path, tmp_path: Path) -> None:
    """Otherwise laptop and CI publish different layers."""
    before = digest(either)
    elsewhere = tmp_path / "deep" / "er"
    shutil.copytree(either.parent, elsewhere, ignore=shutil.ignore_patterns("deep"))
    for file in elsewhere.rglob("*.py"):
        os.utime(file, (1, 1))

    assert digest(elsewhere / "lib") == before


def test_all_files_count_if_git_tracks_none_of_them(tracked: Path) -> None:
    """Otherwise a vendored library that is not tracked becomes an empty package."""
    git(tracked, "rm", "--quiet", "-r", "--cached", ".")
    before = digest(tracked)
    edit(tracked)

    assert digest(tracked) != before


def test_links_are_followed(tracked: Path, tmp_path: Path) -> None:
    """Otherwise a module that is shared with a link is outdated or missing in the layer."""
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "c.py").write_text("c = 1\n")
    (tracked / "lib" / "common").symlink_to("../../common")
    (tracked / "lib" / "c.py").symlink_to("../../common/c.py")
    git(tracked, "add", ".")
    before = digest(tracked)
    (tmp_path / "common" / "c.py").write_text("c = 2\n")
    assert digest(tracked) != before

    copy = copy_path(planned(tracked), tmp_path / "service", tmp_path / "copy")
    assert (copy / "lib" / "common" / "c.py").read_text() == "c = 2\n"
    assert not (copy / "lib" / "c.py").is_symlink()


@pytest.mark.parametrize(
    "settings",
    [
        '[tool.poetry]\ninclude = ["lib/generated.py"]\n',
        '[tool.poetry]\ninclude = [{ path = "lib/gen*.py", format = ["sdist", "wheel"] }]\n',
        '[tool.hatch.build]\nartifacts = ["/lib/generated.py"]\n',
        '[tool.hatch.build.targets.wheel.force-include]\n"lib/generated.py" = "lib/generated.py"\n',
        '[tool.pdm.build]\nincludes = ["lib/"]\n',
    ],
)
def test_file_that_git_ignores_and_the_build_backend_names_belongs_to_the_content(
    tracked: Path, tmp_path: Path, settings: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise generated code is missing in the layer, and nobody is told."""
    (tracked / ".gitignore").write_text("generated.py\n")
    with (tracked / "pyproject.toml").open("a") as file:
        file.write(settings)
    git(tracked, "add", ".")
    (tracked / "lib" / "generated.py").write_text("a = 1\n")
    (tracked / "lib" / "__pycache__").mkdir()
    (tracked / "lib" / "__pycache__" / "a.pyc").write_text("cache")
    before = digest(tracked)

    copy = copy_path(planned(tracked), tmp_path / "service", tmp_path / "copy")
    assert (copy / "lib" / "generated.py").read_text() == "a = 1\n"
    assert not (copy / "lib" / "__pycache__").exists()
    assert caplog.messages == []

    (tracked / "lib" / "generated.py").write_text("a = 2\n")
    assert digest(tracked) != before


SETUPTOOLS = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
FLIT = '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
POETRY = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
HATCH = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
FOUND = f"{SETUPTOOLS}[tool.setuptools.packages.find]\n"
MODULES = f'{SETUPTOOLS}[tool.setuptools]\npy-modules = ["made"]\n'
DATA = f'{SETUPTOOLS}[tool.setuptools.package-data]\nlib = ["*.json"]\n'
SCM = f"{SETUPTOOLS}[tool.setuptools_scm]\n"


@pytest.mark.parametrize(
    ("settings", "name", "is_ignored", "is_packed"),
    [
        ("", "lib/made.py", True, True),
        ("", "lib/made.py", False, True),
        ("", "lib/below/made.py", True, True),
        ("", "made.py", True, False),
        (SETUPTOOLS, "lib/made.py", True, True),
        (SETUPTOOLS, "lib/made.json", True, False),
        (SETUPTOOLS, "lib/made.so", True, False),
        (SETUPTOOLS, "lib/_version.py", True, True),
        (SETUPTOOLS, "src/other/__init__.py", True, True),
        (SCM, "lib/_version.py", True, False),
        (DATA, "lib/made.json", True, True),
        (DATA, "lib/made.log", True, False),
        (MODULES, "made.py", True, True),
        (FOUND, "made/__init__.py", True, True),
        (SETUPTOOLS, "made/__init__.py", True, False),
        (FLIT, "lib/made.py", True, True),
        (FLIT, "lib/made.json", True, True),
        (POETRY, "lib/made.py", True, False),
        (POETRY, "lib/made.py", False, True),
        (HATCH, "lib/made.json", True, False),
        (HATCH, "lib/made.json", False, True),
        (f"{HATCH}[tool.hatch.build]\nignore-vcs = true\n", "lib/made.py", True, True),
    ],
)
def test_untracked_file_belongs_to_the_content_if_the_build_packs_it(
    tracked: Path, tmp_path: Path, settings: str, name: str, is_ignored: bool, is_packed: bool
) -> None:
    """Otherwise generated code is missing in the layer without a word, or a stray file publishes a new layer."""
    (tracked / ".gitignore").write_text(f"/{name}\n" if is_ignored else "")
    (tracked / "src").mkdir()
    (tracked / "src" / "tracked.py").write_text("")
    with (tracked / "pyproject.toml").open("a") as file:
        file.write(settings)
    git(tracked, "add", ".")
    before = digest(tracked)
    (tracked / name).parent.mkdir(parents=True, exist_ok=True)
    (tracked / name).write_text("a = 1\n")

    assert (digest(tracked) != before) is is_packed
    assert (copy_path(planned(tracked), tmp_path / "service", tmp_path / "copy") / name).exists() is is_packed


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="only root can give files to another user")
def test_repository_of_another_user_can_be_copied(tracked: Path, tmp_path: Path) -> None:
    """Otherwise nothing with a version from git can be built in a CI container with the checkout of another user."""
    with (tracked / "pyproject.toml").open("a") as file:
        file.write(SCM)
    git(tracked, "add", ".")
    git(tracked, "-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit", "--quiet", "-m", "first")
    git(tracked, "tag", "v1.5.0")
    subprocess.run(["chown", "-R", "1234:1234", str(tracked.parent)], check=True)

    copy = copy_path(planned(tracked), tmp_path / "service", tmp_path / "copy")

    described = subprocess.run(["git", "describe", "--tags", "--dirty"], cwd=copy, check=True, capture_output=True)
    assert described.stdout == b"v1.5.0\n"


def test_linked_folder_outside_of_git_is_followed(lib: Path, tmp_path: Path) -> None:
    """Otherwise the files of a linked folder are in the layer with git, and missing without it."""
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "c.py").write_text("c = 1\n")
    (lib / "lib" / "common").symlink_to("../../common")
    (lib / "lib" / "loop").symlink_to("..")
    before = digest(lib)

    copy = copy_path(planned(lib), tmp_path / "service", tmp_path / "copy")
    assert (copy / "lib" / "common" / "c.py").read_text() == "c = 1\n"
    assert not (copy / "lib" / "loop").exists()

    (tmp_path / "common" / "c.py").write_text("c = 2\n")
    assert digest(lib) != before


def test_git_variables_of_a_hook_are_ignored(tracked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a deployment from a git hook uses the index of another repository."""
    before = digest(tracked)
    monkeypatch.setenv("GIT_DIR", str(tracked / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tracked / "nowhere"))

    assert digest(tracked) == before


def test_missing_git_is_an_error_in_a_work_tree(tracked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a CI image without git uses other files than the laptop, and publishes a new layer each time."""
    monkeypatch.setenv("PATH", str(tracked / "nowhere"))

    with pytest.raises(SubprocessError, match="install git"):
        digest(tracked)


def test_path_that_does_not_exist_is_left_out(tmp_path: Path) -> None:
    """Otherwise the planner cannot report which package has a missing path."""
    assert content_digests([LOCKED], tmp_path / "service") == {}


def test_unreadable_file_names_the_package(lib: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the user sees a traceback."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "secret.py")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PackageFileError, match=r"package lib 1\.0: cannot be read: .*secret\.py"):
        digest(lib)


def planned(lib: Path) -> PlannedPackage:
    """A planned package with the current content of the library."""
    return PlannedPackage(name="lib", version="1.0", file=None, source=DIRECTORY, digest=digest(lib))


def test_copy_has_the_content_and_nothing_else(either: Path, tmp_path: Path) -> None:
    """Otherwise caches and local settings get into the layer."""
    (either / "lib" / "__pycache__").mkdir()
    (either / "lib" / "__pycache__" / "a.pyc").write_text("x")
    make_executable(either)

    copy = copy_path(planned(either), tmp_path / "service", tmp_path / "copy")

    assert {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()} == {
        "pyproject.toml",
        "lib/__init__.py",
    }
    assert os.access(copy / "lib" / "__init__.py", os.X_OK)


def test_content_that_changed_since_it_was_planned_is_refused(lib: Path, tmp_path: Path) -> None:
    """Otherwise the layer does not match its fingerprint."""
    package = planned(lib)
    edit(lib)

    with pytest.raises(BuildError, match="changed while the layer was being built"):
        copy_path(package, tmp_path / "service", tmp_path / "copy")


def test_content_that_was_removed_since_it_was_planned_is_refused(lib: Path, tmp_path: Path) -> None:
    """Otherwise the user sees a traceback."""
    package = planned(lib)
    shutil.rmtree(lib)

    with pytest.raises(BuildError, match=r"lib 1\.0"):
        copy_path(package, tmp_path / "service", tmp_path / "copy")


@pytest.mark.parametrize(("limit", "most"), [("_MOST_FILES", 1), ("_LARGEST", 10)])
def test_folder_with_too_many_or_too_large_files_is_refused(
    lib: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    """A lock file with the path "/" would have a preview read all disks."""
    monkeypatch.setattr(path_dependencies, limit, most)

    with pytest.raises(PackageFileError, match="a path dependency has more than"):
        content_digests([LOCKED], lib.parent / "service")
