"""The command line as a program of its own, with its own folders for cache and temporary files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from samples import PROJECT, Package, lock_text
from samples.index import file_hash

RUNTIME = "python3.12"


def write_project(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a project that is locked to these files.

    Args:
        folder: the folder of the project, which is created.
        files: the only file of each package → its content.
    """
    packages = [Package(name=name.split("-")[0].replace("_", "-"), files=(name,)) for name in files]
    dependencies = ", ".join(f'"{package.name}"' for package in packages)
    project = PROJECT.replace('["app"]', f"[{dependencies}]")
    lock = lock_text(project, packages)
    for package, data in zip(packages, files.values(), strict=True):
        lock = lock.replace(package.table()["files"][0]["hash"], file_hash(data))
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(project, encoding="utf-8")
    (folder / "poetry.lock").write_text(lock, encoding="utf-8")


class CommandLine:
    """Starts the command line.

    Attributes:
        cache: the folder of the cache.
        temporary: the folder for temporary files, which exists.

    Args:
        folder: the folder that contains both.
        index_url: the address of the index that takes the place of PyPI.
        variables: further environment variables.
    """

    def __init__(self, folder: Path, index_url: str, **variables: str) -> None:
        self.cache, self.temporary = folder / "cache", folder / "temporary"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self._variables = {
            "PULUMI_POETRY_LAYER_CACHE_DIR": str(self.cache),
            "POETRY_PYPI_MIRROR_URL": index_url,
            "PULUMI_POETRY_LAYER_PROGRESS_SECONDS": "0",
            "NO_PROXY": "*",
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            **variables,
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command line with these arguments."""
        return subprocess.Popen(
            [sys.executable, "-m", "pulumi_poetry_layer", *arguments],
            env={**os.environ, **self._variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
