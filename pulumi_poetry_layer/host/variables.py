"""Environment variables: the names of Poetry's variables, and the table of which programs may see which variables.

Pure. https://python-poetry.org/docs/configuration/#using-environment-variables
"""

from __future__ import annotations

import math
import re
from base64 import b64encode
from dataclasses import dataclass
from enum import Enum, Flag, auto
from functools import cache
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.masking import logins_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MIRROR_VARIABLE = "POETRY_PYPI_MIRROR_URL"
"""The variable of poetry-plugin-pypi-mirror with the URL of a mirror of PyPI."""

TIMEOUT_VARIABLE = "POETRY_REQUESTS_TIMEOUT"
"""How long to wait for an index that sends nothing, in seconds."""

CONFIGURATION_FOLDER_VARIABLE = "POETRY_CONFIG_DIR"
"""The path of the folder with Poetry's config.toml and auth.toml."""

_NOT_IN_A_NAME = re.compile(r"[^A-Z0-9]")


def variable_name(*keys: str) -> str:
    """A variable name that every shell can set: ``http-basic``, ``my.index`` → ``POETRY_HTTP_BASIC_MY_INDEX``."""
    return "POETRY_" + "_".join(_NOT_IN_A_NAME.sub("_", key.upper()) for key in keys)


def variable_names(*keys: str) -> list[str]:
    """All names of the variable of a setting.

    Poetry only replaces hyphens (``my.index`` → ``MY.INDEX``), and older releases also dots. A shell cannot set a
    variable with a dot in its name, so this package also reads the name without dots, with every release of Poetry.
    """
    exact = "POETRY_" + "_".join(key.upper().replace("-", "_") for key in keys)
    possible = [] if "=" in exact or "\0" in exact else [exact]
    return list(dict.fromkeys([*possible, variable_name(*keys)]))


_MOST_SECONDS = 7 * 24 * 3600.0


def seconds(variables: Mapping[str, str], name: str, default: float) -> float:
    """The number of seconds in an environment variable, the default if it is not set.

    Raises:
        InputError: the value is not a positive number, or is more than a week.
    """
    text = variables.get(name, "").strip()
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number <= _MOST_SECONDS:
        raise InputError(f"{text!r} is not a number of seconds between 0 and a week", where=name)
    return number


class Audience(Flag):
    """The programs that may see environment variables of this host."""

    NOBODY = 0
    POETRY = auto()
    """The Poetry that the local builder runs. It must not use this user's own settings of Poetry."""
    BUILDS = auto()
    """pip, build backends and git on this host. A build backend is code of the author of a package."""
    CONTAINER = auto()
    """The programs in a build container. They only need what is necessary to connect to the indexes."""


class VariableKind(Enum):
    """The kind of value that an environment variable has."""

    TEXT = "text"
    SECRET = "a secret"  # noqa: S105 - not one itself
    ADDRESS = "addresses, which may have logins in them"
    BUNDLE = "the path of a file with certificates"
    KEY = "the path of a file with a private key"


@dataclass(frozen=True)
class _Rule:
    """A rule for some environment variables.

    Attributes:
        names: regular expression for the names of the variables, in upper case.
        seen_by: the programs that may see the variables.
        kind: the kind of their values; None if it depends on the name.
    """

    names: str
    seen_by: Audience
    kind: VariableKind | None = None


_HOST = Audience.POETRY | Audience.BUILDS
_PIP = Audience.BUILDS | Audience.CONTAINER
_ALL = _HOST | Audience.CONTAINER

_RULES = (
    # Logins, only for Poetry. Build requirements are downloaded by pip, which gets its login in another way.
    _Rule("POETRY_(HTTP_BASIC|PYPI_TOKEN)_.+", Audience.POETRY | Audience.CONTAINER, VariableKind.SECRET),
    # Addresses of indexes, which may contain logins.
    _Rule(f"POETRY_REPOSITORIES_.+|{MIRROR_VARIABLE}", Audience.POETRY | Audience.CONTAINER, VariableKind.ADDRESS),
    # How to connect to indexes.
    _Rule("POETRY_CERTIFICATES_.+_CLIENT_CERT", _ALL, VariableKind.KEY),
    _Rule("POETRY_CERTIFICATES_.+_CERT", _ALL, VariableKind.BUNDLE),
    _Rule("POETRY_CERTIFICATES_.+|POETRY_REQUESTS_(TIMEOUT|MAX_RETRIES)", _ALL),
    _Rule("SSL_CERT_FILE|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE", _ALL, VariableKind.BUNDLE),
    _Rule("(HTTP|HTTPS|FTP|ALL|NO)_PROXY", _ALL, VariableKind.ADDRESS),
    # The same for pip, which downloads build backends and, in a container, Poetry. Poetry itself does not use pip.
    _Rule("PIP_CLIENT_CERT", _PIP, VariableKind.KEY),
    _Rule("PIP_CERT", _PIP, VariableKind.BUNDLE),
    _Rule("PIP_(INDEX_URL|EXTRA_INDEX_URL|PROXY)", _PIP, VariableKind.ADDRESS),
    _Rule("PIP_(TRUSTED_HOST|DEFAULT_TIMEOUT|TIMEOUT|RETRIES)", _PIP),
    _Rule("PIP_(FIND_LINKS|NO_INDEX|KEYRING_PROVIDER|CACHE_DIR|DISABLE_PIP_VERSION_CHECK)", Audience.BUILDS),
    # Other settings of pip, such as PIP_USER, PIP_TARGET and PIP_NO_BINARY, can break a build or change its result.
    _Rule("PIP_.*", Audience.NOBODY),
    # Pulumi puts the configuration of the stack into the environment of a program, with its secrets.
    _Rule("PULUMI.*", Audience.NOBODY),
    # git sets these for its hooks. With them, git would work in the user's repository instead of its working directory.
    _Rule(
        "GIT_(DIR|WORK_TREE|COMMON_DIR|INDEX_FILE|PREFIX|NAMESPACE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES"
        "|QUARANTINE_PATH)",
        Audience.NOBODY,
    ),
    # Settings and Python environments of the user's shell. Poetry runs in an environment of its own.
    _Rule(
        "(POETRY|PIP|PYTHON|VIRTUAL_ENV|CONDA|UV|PDM|PYENV_VERSION).*|__PYVENV_LAUNCHER__",
        Audience.BUILDS,
    ),
    # All others, because programs on this host need PATH, HOME, and the variables for compilers.
    _Rule(".*", _HOST),
)
"""The first rule that matches the name of a variable applies."""

_SECRET_NAME = re.compile(r"PASSWORD|TOKEN|SECRET|PASSPHRASE")
_ADDRESS_NAME = re.compile(r".*_(URL|PROXY)", re.DOTALL)


def seen_by(audience: Audience, variables: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that these programs may see.

    The caller has to change some values, for example paths, which differ in a container; see :func:`variable_kind`.
    """
    return {name: value for name, value in variables.items() if audience in _rule(name).seen_by}


@cache
def variable_kind(name: str) -> VariableKind:
    """The kind of value that the environment variable with this name has."""
    if kind := _rule(name).kind:
        return kind
    if _SECRET_NAME.search(name.upper()):
        return VariableKind.SECRET
    return VariableKind.ADDRESS if _ADDRESS_NAME.fullmatch(name.upper()) else VariableKind.TEXT


def secret_values(variables: Mapping[str, str]) -> Iterator[str]:
    """The secrets in environment variables: secret values, logins in addresses, and logins as HTTP encodes them."""
    for name, value in variables.items():
        upper, kind = name.upper(), variable_kind(name)
        if kind is VariableKind.SECRET:
            yield value
        if upper.startswith("POETRY_HTTP_BASIC_") and upper.endswith("_PASSWORD"):
            username = variables.get(f"{name[: -len('_PASSWORD')]}_USERNAME", "")
            yield _basic(username, value)
        if kind is VariableKind.ADDRESS:
            yield from logins_in(value)


def _basic(username: str, password: str) -> str:
    """A login as HTTP basic authentication encodes it."""
    return b64encode(f"{username}:{password}".encode()).decode()


def _rule(name: str) -> _Rule:
    """The rule for a variable. Case is ignored, as in ``http_proxy`` and ``HTTP_PROXY``."""
    return next(rule for rule in _RULES if re.fullmatch(rule.names, name.upper(), re.DOTALL))
