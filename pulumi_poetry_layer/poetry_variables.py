"""The environment variables that Poetry and its mirror plugin read, by name. Pure.

https://python-poetry.org/docs/configuration/#using-environment-variables
"""

from __future__ import annotations

import re

MIRROR_VARIABLE = "POETRY_PYPI_MIRROR_URL"
"""The variable of poetry-plugin-pypi-mirror: a simple API to use in place of PyPI's."""

TIMEOUT_VARIABLE = "POETRY_REQUESTS_TIMEOUT"
"""How long an index may be silent, in seconds."""

CONFIGURATION_FOLDER_VARIABLE = "POETRY_CONFIG_DIR"
"""The folder of config.toml and auth.toml."""

INDEX_VARIABLES = re.compile(
    r"POETRY_(HTTP_BASIC|PYPI_TOKEN|CERTIFICATES|REPOSITORIES)_.+|POETRY_REQUESTS_(TIMEOUT|MAX_RETRIES)|"
    + MIRROR_VARIABLE
)
"""What of Poetry's environment variables says how to reach an index; all others are configuration of a user."""

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
