"""What Poetry is configured with on this host, read as Poetry reads it: environment variables, then TOML files.

``config.toml`` and ``auth.toml`` lie in Poetry's configuration folder, ``poetry.toml`` beside pyproject.toml:
https://python-poetry.org/docs/configuration/. Nothing is ever written there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import tomli
from platformdirs import user_config_path

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.host.variables import (
    CONFIGURATION_FOLDER_VARIABLE,
    MIRROR_VARIABLE,
    variable_name,
    variable_names,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_FALSE, _TRUE = frozenset({"false", "0"}), frozenset({"true", "1"})


@dataclass(frozen=True)
class Certificates:
    """How an index proves who it is, and how this side does.

    Attributes:
        verify: whether the index's certificate is checked at all.
        authority: file or folder of the authorities to trust; None for those of the environment.
        client: file with a certificate of this side and its key.
    """

    verify: bool = True
    authority: str | None = None
    client: str | None = None


@dataclass(frozen=True)
class PoetryConfiguration:
    """Settings by their keys.

    Attributes:
        variables: environment variables; they win.
        settings: the merged content of the files.
    """

    variables: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def get(self, *keys: str) -> Any:
        """A setting's value, None when it is nowhere."""
        for name in variable_names(*keys):
            if name in self.variables:
                return self.variables[name]
        value: Any = self.settings
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    @property
    def uses_keyring(self) -> bool:
        """Whether the system's keyring may be asked."""
        return str(self.get("keyring", "enabled")).lower() not in _FALSE

    @property
    def mirror(self) -> str | None:
        """The simple API that stands in for PyPI's."""
        told = self.variables.get(MIRROR_VARIABLE) or self._setting("plugins", "pypi_mirror", "url")
        return str(told) if told else None

    def certificates(self, source: str) -> Certificates:
        """What is configured for a source, by its name.

        Raises:
            InputError: a file that is named is not there.
        """
        authority = self.get("certificates", source, "cert")
        if (verify := self.get("certificates", source, "verify")) is not None:
            authority = verify
        client = self.get("certificates", source, "client-cert")
        told = str(authority).lower() if authority is not None else ""
        path = None if told in _FALSE | _TRUE or not told else self._file(str(authority), source, "cert")
        return Certificates(
            told not in _FALSE, path, self._file(str(client), source, "client-cert") if client else None
        )

    def _setting(self, *keys: str) -> Any:
        value: Any = self.settings
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    @staticmethod
    def _file(told: str, source: str, key: str) -> str:
        path = Path(told).expanduser()
        if not path.exists():
            name = variable_name("certificates", source, key)
            raise InputError(
                f"there is no such file, and it is to hold the certificates for the source {source!r}",
                where=told,
                hint=f"let {name} (or `poetry config certificates.{source}.{key}`) name one, or unset it",
            )
        return str(path)


def read_configuration(variables: Mapping[str, str], project_dir: Path) -> PoetryConfiguration:
    """Read Poetry's configuration.

    Args:
        variables: environment variables.
        project_dir: the folder of pyproject.toml.

    Raises:
        InputError: a file of it is not TOML.
    """
    folder = _configuration_folder(variables)
    settings: dict[str, Any] = {}
    for path in (folder / "config.toml", folder / "auth.toml", project_dir / "poetry.toml"):
        _merge(settings, _read(path))
    return PoetryConfiguration(variables, settings)


def _configuration_folder(variables: Mapping[str, str]) -> Path:
    if told := variables.get(CONFIGURATION_FOLDER_VARIABLE):
        return Path(told).expanduser()
    return user_config_path("pypoetry", appauthor=False, roaming=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}  # none, or not this user's: Poetry has none then either
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise InputError(f"not valid TOML: {error}", where=str(path), hint="mend it with `poetry config`") from error


def _merge(settings: dict[str, Any], further: Mapping[str, Any]) -> None:
    for key, value in further.items():
        before = settings.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            _merge(before, value)
        else:
            settings[key] = value
