"""Typed access to the tables of a TOML file. An error about a key names the file and the full key."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import tomli

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pulumi_poetry_layer.errors import InputError


_MOST_LEVELS = 100
"""How deep arrays and tables may be nested. Python's own limits depend on where a file is read or written."""

_MOST_BITS = 14_000
"""How large a number may be: Python converts none of more than 4,300 digits to or from text."""


class TomlError(ValueError):
    """A text is not TOML, or no TOML that can be used. The message says why."""


@lru_cache(maxsize=8)
def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML file. Callers share the result and must not change it.

    Raises:
        TomlError: the text is not TOML, or it contains a huge number, or arrays or tables that are nested too deep.
    """
    try:
        document = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise TomlError(str(error)) from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise _too_large() from error
    _refuse_unusable(document)
    return document


def _refuse_unusable(document: dict[str, Any]) -> None:
    """Refuse what a later step, such as the content hash, could not convert."""
    level: list[Any] = [document]
    for _ in range(_MOST_LEVELS):
        values = [value for table in level for value in (table.values() if isinstance(table, dict) else table)]
        if any(isinstance(value, int) and value.bit_length() > _MOST_BITS for value in values):
            raise _too_large()
        level = [value for value in values if isinstance(value, (dict, list))]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> TomlError:
    return TomlError(f"arrays or tables are nested more than {_MOST_LEVELS} levels deep")


def _too_large() -> TomlError:
    return TomlError("a number has more than 4,000 digits")


class Table:
    """A table of a TOML file.

    All methods that read a key raise an error of the given class if its value has the wrong type.

    Args:
        values: the keys and values.
        file: name of the file, for messages.
        path: full key of the table in the file with a dot at its end; empty for the whole file.
        error: class of the errors that are raised.
        hint: what to do if the table is wrong, for messages.
    """

    __slots__ = ("_error", "_file", "_hint", "path", "values")

    def __init__(
        self, values: Mapping[str, Any], *, file: str, path: str = "", error: type[InputError], hint: str | None = None
    ) -> None:
        self.values = values
        self.path = path
        self._file = file
        self._error = error
        self._hint = hint

    @classmethod
    def of_text(cls, text: str, *, file: str, error: type[InputError], hint: str | None = None) -> Table:
        """The table of a whole TOML file.

        Raises:
            InputError: the text is not TOML. The class is ``error``.
        """
        try:
            return cls(parse_toml(text), file=file, error=error, hint=hint)
        except TomlError as cause:
            raise error(f"not valid TOML: {cause}", where=file, hint=hint) from cause

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def text(self, key: str, default: str | None = None) -> str:
        """A string. If the key is missing: the default, or an error if there is none."""
        value = self.values.get(key, default)
        if isinstance(value, str):
            return value
        raise self.problem(key, "must be a string" if key in self.values else "missing key")

    def optional_text(self, key: str) -> str | None:
        """A string; None if the key is missing."""
        return self.text(key) if key in self.values else None

    def flag(self, key: str) -> bool:
        """A boolean; False if the key is missing."""
        value = self.values.get(key, False)
        if isinstance(value, bool):
            return value
        raise self.problem(key, "must be true or false")

    def texts(self, key: str) -> list[str]:
        """An array of strings; empty if the key is missing."""
        values = self.array(key)
        for index, value in enumerate(values):
            if not isinstance(value, str):
                raise self.problem(f"{key}[{index}]", "must be a string")
        return values

    def table(self, key: str) -> Table:
        """A table in this table; empty if the key is missing."""
        return self._at(key, self.values.get(key, {}))

    def tables(self, key: str) -> list[Table]:
        """An array of tables; empty if the key is missing."""
        return [self._at(f"{key}[{index}]", value) for index, value in enumerate(self.array(key))]

    def array(self, key: str) -> list[Any]:
        """An array of any values; empty if the key is missing."""
        value = self.values.get(key, [])
        if isinstance(value, list):
            return value
        raise self.problem(key, "must be an array")

    def nested(self, key: str, value: object) -> Table:
        """A value of this table as a :class:`Table`. ``key`` is its key, for messages."""
        return self._at(key, value)

    def labeled(self, label: str) -> Table:
        """The same table; messages show the label after its full key, as in ``package[176] (numpy).groups``."""
        path = f"{self.path.removesuffix('.')} ({label})."
        return Table(self.values, file=self._file, path=path, error=self._error, hint=self._hint)

    def require(self, key: str) -> None:
        """Raise an error if the key is missing."""
        if key not in self.values:
            raise self.problem(key, "missing key")

    def problem(self, key: str, what: str, *, hint: str | None = None) -> InputError:
        """An error about a key of this table."""
        return self._error(what, where=f"{self._file}: {self.path}{key}", hint=hint or self._hint)

    def _at(self, key: str, value: object) -> Table:
        if isinstance(value, dict):
            return Table(value, file=self._file, path=f"{self.path}{key}.", error=self._error, hint=self._hint)
        raise self.problem(key, "must be a table")
