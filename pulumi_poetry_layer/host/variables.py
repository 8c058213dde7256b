"""Environment variables: the names of Poetry's, and the one table that says which programs may see which. Pure.

https://python-poetry.org/docs/configuration/#using-environment-variables
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from enum import Enum, Flag, auto
from functools import cache
from typing import TYPE_CHECKING

from pulumi_poetry_layer.masking import logins_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MIRROR_VARIABLE = "POETRY_PYPI_MIRROR_URL"
"""The variable of poetry-plugin-pypi-mirror: a simple API to use in place of PyPI's."""

TIMEOUT_VARIABLE = "POETRY_REQUESTS_TIMEOUT"
"""How long an index may be silent, in seconds."""

CONFIGURATION_FOLDER_VARIABLE = "POETRY_CONFIG_DIR"
"""The folder of config.toml and auth.toml."""

_OTHER_SIGNS = re.compile(r"[^A-Z0-9]")


def variable_name(*keys: str) -> str:
    """A setting's variable as a shell can set it: ``http-basic``, ``my.index`` → ``POETRY_HTTP_BASIC_MY_INDEX``."""
    return "POETRY_" + "_".join(_OTHER_SIGNS.sub("_", key.upper()) for key in keys)


def variable_names(*keys: str) -> list[str]:
    """All the names of a setting's variable.

    Poetry replaces nothing but the hyphen (``my.index`` → ``MY.INDEX``), older releases dots too. No shell can set a
    variable with a dot in its name, so the other name counts here with every Poetry.
    """
    exact = "POETRY_" + "_".join(key.upper().replace("-", "_") for key in keys)
    return list(dict.fromkeys([exact, variable_name(*keys)]))


class Audience(Flag):
    """The programs that get environment variables of this host."""

    NOBODY = 0
    POETRY = auto()
    """The Poetry that the local builder runs, which must not pick up settings of this user."""
    BUILDS = auto()
    """pip, build backends and git on this host. A build backend runs code of the package's author."""
    CONTAINER = auto()
    """What runs in a build container, which gets nothing but the way to the indexes."""


class Holds(Enum):
    """What is in a variable."""

    TEXT = "text"
    SECRET = "a secret"  # noqa: S105 - not one itself
    ADDRESS = "addresses, which may have logins in them"
    BUNDLE = "the path of a file with certificates"
    KEY = "the path of a file with a private key"


@dataclass(frozen=True)
class _Rule:
    """Names of variables, in upper case, and what holds for them; without ``holds`` the name says what is in it."""

    names: str
    seen_by: Audience
    holds: Holds | None = None


_HOST = Audience.POETRY | Audience.BUILDS
_PIP = Audience.BUILDS | Audience.CONTAINER
_ALL = _HOST | Audience.CONTAINER

_RULES = (
    # Logins, for Poetry alone. Build backends fetch their requirements with pip, which gets the login it needs.
    _Rule("POETRY_(HTTP_BASIC|PYPI_TOKEN)_.+", Audience.POETRY | Audience.CONTAINER, Holds.SECRET),
    # Addresses of indexes, which may have logins in them.
    _Rule(f"POETRY_REPOSITORIES_.+|{MIRROR_VARIABLE}", Audience.POETRY | Audience.CONTAINER, Holds.ADDRESS),
    # How to connect to indexes.
    _Rule("POETRY_CERTIFICATES_.+_CLIENT_CERT", _ALL, Holds.KEY),
    _Rule("POETRY_CERTIFICATES_.+_CERT", _ALL, Holds.BUNDLE),
    _Rule("POETRY_CERTIFICATES_.+|POETRY_REQUESTS_(TIMEOUT|MAX_RETRIES)", _ALL),
    _Rule("SSL_CERT_FILE|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE", _ALL, Holds.BUNDLE),
    _Rule("(HTTP|HTTPS|FTP|ALL|NO)_PROXY", _ALL, Holds.ADDRESS),
    # The same for pip, which fetches build backends, and Poetry itself in a container. Poetry runs without pip.
    _Rule("PIP_CLIENT_CERT", _PIP, Holds.KEY),
    _Rule("PIP_CERT", _PIP, Holds.BUNDLE),
    _Rule("PIP_(INDEX_URL|EXTRA_INDEX_URL|PROXY)", _PIP, Holds.ADDRESS),
    _Rule("PIP_(TRUSTED_HOST|DEFAULT_TIMEOUT|TIMEOUT|RETRIES)", _PIP),
    # Pulumi hands its program the stack's configuration, secrets and all.
    _Rule("PULUMI.*", Audience.NOBODY),
    # In a hook of git these name the user's repository; git would work there, and not where it is told to.
    _Rule(
        "GIT_(DIR|WORK_TREE|COMMON_DIR|INDEX_FILE|PREFIX|NAMESPACE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES"
        "|QUARANTINE_PATH)",
        Audience.NOBODY,
    ),
    # Interpreters, environments and settings that the calling shell has active. A build has an environment of its own.
    _Rule(
        "(POETRY|PIP|PYTHON|VIRTUAL_ENV|CONDA|UV|PDM|PYENV_VERSION).*|__PYVENV_LAUNCHER__",
        Audience.BUILDS,
    ),
    # Everything else: programs on this host need PATH, HOME, compilers and their options.
    _Rule(".*", _HOST),
)
"""The first rule with a variable's name counts."""

_SECRET_NAME = re.compile(r"PASSWORD|TOKEN|SECRET|PASSPHRASE")
_ADDRESS_NAME = re.compile(r".*_(URL|PROXY)", re.DOTALL)


def seen_by(audience: Audience, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that these programs may see; they get some of them in another form, see :func:`held_by`."""
    return {name: value for name, value in variables.items() if audience in _rule(name).seen_by}


@cache
def held_by(name: str) -> Holds:
    """What is in a variable of that name."""
    if holds := _rule(name).holds:
        return holds
    if _SECRET_NAME.search(name.upper()):
        return Holds.SECRET
    return Holds.ADDRESS if _ADDRESS_NAME.fullmatch(name.upper()) else Holds.TEXT


def secret_values(variables: Mapping[str, str]) -> Iterator[str]:
    """The secrets among environment variables: themselves, in addresses, and as HTTP sends them."""
    for name, value in variables.items():
        upper, holds = name.upper(), held_by(name)
        if holds is Holds.SECRET:
            yield value
        if upper.startswith("POETRY_HTTP_BASIC_") and upper.endswith("_PASSWORD"):
            username = variables.get(f"{name[: -len('_PASSWORD')]}_USERNAME", "")
            yield _basic(username, value)
        if holds is Holds.ADDRESS:
            yield from logins_in(value)


def _basic(username: str, password: str) -> str:
    """A login as HTTP's basic authentication sends it."""
    return b64encode(f"{username}:{password}".encode()).decode()


def _rule(name: str) -> _Rule:
    """The rule for a variable; ``http_proxy`` and ``HTTP_PROXY`` are the same."""
    return next(rule for rule in _RULES if re.fullmatch(rule.names, name.upper(), re.DOTALL))
