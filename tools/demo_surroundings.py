"""What the programs of the demo see of this machine: a folder of their own instead of the user's settings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

PLUGIN = Path(__file__).resolve().parent / "aws_stand_in" / "pulumi-resource-aws"

_OF_THE_USER = ("AWS_", "POETRY_", "PULUMI_")
"""Variables with these prefixes would let the demo reach an account, a backend or a configuration of the user."""


def environment(given: Mapping[str, str], folder: Path, mirror: str) -> dict[str, str]:
    """Return the environment variables of the demo's programs, except ``AWS_ENDPOINT_URL``.

    Args:
        given: the environment variables of this process.
        folder: the demo's own folder, for everything that the programs keep.
        mirror: the index where Poetry finds packages, if ``given`` has none.
    """
    kept = {name: value for name, value in given.items() if not name.startswith(_OF_THE_USER)}
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": "demo",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SECRET_ACCESS_KEY": "demo",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PATH": _path_without_plugin(given.get("PATH", "")),
        "POETRY_CACHE_DIR": str(folder / "poetry" / "cache"),
        "POETRY_CONFIG_DIR": str(folder / "poetry" / "config"),
        "POETRY_DATA_DIR": str(folder / "poetry" / "data"),
        "POETRY_PYPI_MIRROR_URL": given.get("POETRY_PYPI_MIRROR_URL", mirror),
        "POETRY_VIRTUALENVS_PATH": str(folder / "poetry" / "virtualenvs"),
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "demo",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",  # Pulumi warns of each plugin on PATH, and of ours if it is editable
        "PULUMI_HOME": str(folder / "pulumi"),
        "PULUMI_POETRY_LAYER_CACHE_DIR": str(folder / "cache"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "TMPDIR": str(folder / "temporary"),  # the AWS plugin keeps copies of uploaded files here
        "VIRTUALENV_OVERRIDE_APP_DATA": str(folder / "poetry" / "virtualenv"),  # Poetry makes environments with it
        "XDG_CACHE_HOME": str(folder / "cache-of-others"),
    }


def prepare(folder: Path) -> None:
    """Make the folders that the environment variables name, without what an interrupted demo has left there.

    The stand-in is installed as the AWS plugin of this version.
    """
    for name in ("cache-of-others", "poetry", "pulumi", "state", "temporary"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    plugin = folder / "pulumi" / "plugins" / f"resource-aws-v{version('pulumi-aws')}"
    plugin.mkdir(parents=True)
    (plugin / PLUGIN.name).symlink_to(PLUGIN)


def _path_without_plugin(path: str) -> str:
    return os.pathsep.join(folder for folder in path.split(os.pathsep) if Path(folder).resolve() != PLUGIN.parent)
