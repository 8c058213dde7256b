"""Finds the tools that the tests and the demo need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dev_setup import actionlint, engine, go_packages, lambda_rie, language_hosts, node_packages, poetry, project_venv
from dev_setup.common import REPOSITORY, scripts_of

SETTINGS = {"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true", "PULUMI_SKIP_UPDATE_CHECK": "true"}
"""Environment variables for ``pulumi``. All plugins are on PATH, so it need not download any."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Folders of the tools. ``None`` means that a tool is not installed."""

    venv: Path | None
    aws_stand_in: Path
    pulumi: Path | None
    language_hosts: Path | None
    poetry: Path | None
    lambda_rie: Path | None
    actionlint: Path | None
    node_packages: Path | None
    go_packages: Path | None

    def path(self) -> list[Path]:
        """Return the folders that go before the user's PATH, in this order."""
        engine = (self.pulumi, self.language_hosts)
        folders = (self.venv, self.aws_stand_in, *engine, self.poetry, self.lambda_rie, self.actionlint)
        return [folder for folder in folders if folder is not None]

    def as_dict(self) -> dict[str, str | None]:
        """Return the folders by the names of the tools."""
        return {name: str(folder) if folder else None for name, folder in vars(self).items()}


def find() -> Places:
    """Find the tools. Installs nothing."""
    return Places(
        venv=scripts_of(project_venv.FOLDER) if project_venv.is_ready() else None,
        aws_stand_in=REPOSITORY / "tools" / "aws_stand_in",
        pulumi=engine.executable_folder(),
        language_hosts=language_hosts.executable_folder(),
        poetry=poetry.executable_folder() if poetry.is_ready() else None,
        lambda_rie=lambda_rie.executable_folder(),
        actionlint=actionlint.executable_folder(),
        node_packages=node_packages.folder(),
        go_packages=go_packages.folder(),
    )
