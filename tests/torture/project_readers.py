"""Random changes to the files of a project: poetry.lock, pyproject.toml, and Poetry's configuration."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import tomli
import tomli_w
from samples import PROJECT, PROJECTS, Package, lock_text, old_lock_text
from samples.access import SOURCE

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.index.access import Indexes
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.sources import PYPI, Address, PackageSource, Sources
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest
from pulumi_poetry_layer.poetry.pyproject import parse_project
from torture.mutation import TEXTS, mutated_document, mutated_text

LOCKED = PROJECTS.parent / "data" / "locked"
_HASH = re.compile('content-hash = "[^"]*"')
_TOKENS = (
    *TEXTS,
    "[[package]]\n",
    "[package.dependencies]\n",
    "[metadata]\n",
    '"""',
    "'''",
    " = ",
    "{",
    "}",
    "\\u0000",
)

_PACKAGES = (
    Package(name="app", dependencies={"lib": ">=1.0", "extra-lib": {"version": "*", "optional": True}}),
    Package(name="lib", markers='python_version >= "3.9" and sys_platform == "linux"'),
    Package(name="extra-lib", markers='extra == "more"', extras={"more": ["lib"]}),
    Package(
        name="from-git",
        files=(),
        source={
            "type": "git",
            "url": "https://git.invalid/a.git",
            "reference": "main",
            "resolved_reference": "a" * 40,
            "subdirectory": "packages/a",
        },
    ),
    Package(name="private", source={"type": "legacy", "url": "https://index.invalid/simple", "reference": "own"}),
)
_PROJECT = PROJECT.replace('["app"]', '["app", "from-git", "private"]') + SOURCE.format(
    name="own", url="https://index.invalid/simple", priority="explicit"
)
_CONFIGURATION = """\
[virtualenvs]
in-project = true
[http-basic.own]
username = "user"
password = "secret"
[certificates.own]
cert = "false"
[keyring]
enabled = false
[plugins.pypi_mirror]
url = "https://mirror.invalid/simple"
"""


@lru_cache
def _projects() -> list[tuple[str, str]]:
    """pyproject.toml and poetry.lock of projects; small ones more often than large ones."""
    made = [(_PROJECT, lock_text(_PROJECT, _PACKAGES)), (_PROJECT, old_lock_text(_PROJECT, _PACKAGES))]
    folders = sorted(path.parent for folder in (PROJECTS, LOCKED) for path in folder.glob("*/poetry.lock"))
    real = [
        tuple((folder / name).read_text("utf-8") for name in ("pyproject.toml", "poetry.lock")) for folder in folders
    ]
    small = [(pyproject, lock) for pyproject, lock in real if len(lock) < 20_000]
    return [*made * 6, *small * 3, *((pyproject, lock) for pyproject, lock in real)]


@lru_cache
def _document(text: str) -> dict[str, Any]:
    return tomli.loads(text)


def _changed(text: str, random: Random) -> str:
    """A TOML text with changes to its characters or to its values."""
    if random.random() < 0.4:
        return mutated_text(text, random, _TOKENS)
    return tomli_w.dumps(mutated_document(_document(text), random))


class PlanTrial:
    """Plans a project of which one file is changed.

    Args:
        folder: an empty folder.
        file: ``poetry.lock`` or ``pyproject.toml``.
    """

    def __init__(self, folder: Path, file: str) -> None:
        self._folder = folder
        self._file = file

    def __call__(self, _: int, random: Random) -> str:
        pyproject, lock = random.choice(_projects())
        if self._file == "poetry.lock":
            lock = _changed(lock, random)
        else:
            pyproject = _changed(pyproject, random)
            lock = _HASH.sub(f'content-hash = "{_content_hash(pyproject)}"', lock)
        (self._folder / "pyproject.toml").write_text(pyproject, encoding="utf-8", newline="")
        (self._folder / "poetry.lock").write_text(lock, encoding="utf-8", newline="")
        request = LayerRequest(
            project_dir=self._folder,
            runtime=random.choice(("python3.9", "python3.12", "python3.13")),
            architecture=random.choice(("x86_64", "arm64")),
            groups=random.choice((("main",), ("main", "dev"), ("main", "debug"))),
            extras=random.choice(((), ("yaml",), ("more",))),
        )
        plan, files = plan_request(request)
        indexes = Indexes(Sources.of(files.pyproject), Credentials.of_host(files.folder, {}))
        for package in plan.packages:
            if package.file:
                indexes.of_package(package.source)
        return f"planned, {len(plan.fingerprint)} digits" if len(plan.fingerprint) != 64 else "planned"


def _content_hash(pyproject: str) -> str:
    try:
        return parse_project(pyproject).content_hash
    except InputError:
        return "0" * 64


class ConfigurationTrial:
    """Reads Poetry's configuration beside a project, after a change.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, _: int, random: Random) -> str:
        text = _changed(_CONFIGURATION, random)
        (self._folder / "poetry.toml").write_text(text, encoding="utf-8", newline="")
        credentials = Credentials.of_host(self._folder, {})
        for source in (PackageSource("own", Address("https://index.invalid/simple")), PackageSource(PYPI, Address(""))):
            credentials.login(source)
        indexes = Indexes(Sources.of(_PROJECT), credentials)
        indexes.certificates_for("https://index.invalid/simple/app/")
        indexes.of_package(None)
        return "read"
