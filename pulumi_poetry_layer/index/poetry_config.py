"""Reads Poetry's configuration on this host as Poetry does: environment variables first, then TOML files.

``config.toml`` and ``auth.toml`` are in Poetry's configuration folder, ``poetry.toml`` is beside pyproject.toml:
https://python-poetry.org/docs/configuration/. This module never writes to them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from platformdirs import user_config_path

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.host.files import expand_home
from pulumi_poetry_layer.host.variables import (
    CONFIGURATION_FOLDER_VARIABLE,
    MIRROR_VARIABLE,
    variable_name,
    variable_names,
)
from pulumi_poetry_layer.poetry.toml_tables import TomlError, parse_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

_FALSE, _TRUE = frozenset({"false", "0"}), frozenset({"true", "1"})


@dataclass(frozen=True)
class Certificates:
    """The certificates for connections to an index.

    Attributes:
        verify: whether the certificate of the index is checked.
        authority: path of a file or folder with the CA certificates to trust; None means the default ones.
        client: path of a file with a client certificate and its key; None if there is none.
    """

    verify: bool = True
    authority: str | None = None
    client: str | None = None


@dataclass(frozen=True)
class PoetryConfiguration:
    """Poetry's settings.

    Attributes:
        variables: environment variables; they take precedence.
        settings: the merged content of the TOML files.
    """

    variables: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def get(self, *keys: str) -> Any:
        """The value of a setting such as ``http-basic``, ``my-index``, ``username``; None if it is not set."""
        for name in variable_names(*keys):
            if name in self.variables:
                return self.variables[name]
        return self._setting(*keys)

    @property
    def uses_keyring(self) -> bool:
        """Whether the system's keyring may be used."""
        return str(self.get("keyring", "enabled")).lower() not in _FALSE

    @property
    def mirror(self) -> str | None:
        """The URL of the mirror of PyPI; None if none is configured."""
        url = self.variables.get(MIRROR_VARIABLE) or self._setting("plugins", "pypi_mirror", "url")
        return str(url) if url else None

    def certificates(self, source: str) -> Certificates:
        """The certificates that are configured for a source, by the name of the source.

        Raises:
            InputError: a certificate file does not exist.
        """
        authority = self.get("certificates", source, "cert")
        if (verify := self.get("certificates", source, "verify")) is not None:
            authority = verify
        client = self.get("certificates", source, "client-cert")
        text = str(authority).lower() if authority is not None else ""  # "true", "false" or a path
        path = None if text in _FALSE | _TRUE or not text else self._file(str(authority), source, "cert")
        return Certificates(
            text not in _FALSE, path, self._file(str(client), source, "client-cert") if client else None
        )

    def _setting(self, *keys: str) -> Any:
        value: Any = self.settings
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    @staticmethod
    def _file(configured: str, source: str, key: str) -> str:
        path = expand_home(configured)
        if not os.path.exists(path):  # noqa: PTH110 - the method of Path raises an error in a folder of another user
            name = variable_name("certificates", source, key)
            raise InputError(
                f"the certificate file for the source {source!r} does not exist",
                where=configured,
                hint=f"set {name} (or `poetry config certificates.{source}.{key}`) to the path of a file, or unset it",
            )
        return str(path)


def read_configuration(variables: Mapping[str, str], project_dir: Path) -> PoetryConfiguration:
    """Read Poetry's configuration.

    Args:
        variables: environment variables.
        project_dir: the folder of pyproject.toml.

    Raises:
        InputError: a configuration file is not valid TOML.
    """
    folder = _configuration_folder(variables)
    settings: dict[str, Any] = {}
    for path in (folder / "config.toml", folder / "auth.toml", project_dir / "poetry.toml"):
        _merge(settings, _read(path))
    return PoetryConfiguration(variables, settings)


def _configuration_folder(variables: Mapping[str, str]) -> Path:
    if configured := variables.get(CONFIGURATION_FOLDER_VARIABLE):
        return expand_home(configured)
    try:
        return user_config_path("pypoetry", appauthor=False, roaming=True)
    except RuntimeError:  # there is no home folder
        return Path(os.devnull)


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}  # no file, or one that this user may not read; Poetry ignores it as well
    try:
        return parse_toml(text)
    except TomlError as error:
        raise InputError(f"not valid TOML: {error}", where=str(path), hint="fix the file in an editor") from error


def _merge(settings: dict[str, Any], further: Mapping[str, Any]) -> None:
    """Add further settings. Their tables are copied: a parsed file may be used again."""
    for key, value in further.items():
        before = settings.get(key)
        if isinstance(value, dict):
            settings[key] = table = before if isinstance(before, dict) else {}
            _merge(table, value)
        else:
            settings[key] = value
