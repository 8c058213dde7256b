"""Credentials for indexes from the configuration of a Pulumi stack, so that each environment can have its own.

``pulumi config set --secret poetry-layer:httpBasic.<name>.password`` adds a password, encrypted. With ``--path`` the
command writes a nested object instead; both forms are read. The program and the dynamic provider each read the
configuration in their own process. Credentials are never inputs or outputs of a resource, so a new password does not
change any resource.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pulumi_poetry_layer.builders.registry import make_builder
from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.host.variables import variable_name
from pulumi_poetry_layer.index.sources import PYPI, Sources
from pulumi_poetry_layer.wording import place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pulumi_poetry_layer.builders.builder import Builder
    from pulumi_poetry_layer.layer.request import LayerRequest

NAMESPACE = "poetry-layer"
"""The namespace of the keys: the part before the colon."""

_SECTION = "httpBasic"


def stack_credentials(get: Callable[[str], Any], project_dir: Path) -> dict[str, tuple[str, str]]:
    """The credentials in a stack's configuration for the sources of a project, and for the mirror of PyPI.

    Args:
        get: returns the value of a key in the namespace, None if it is not set. Pulumi has no way to list the keys.
        project_dir: the folder of pyproject.toml, which lists the sources.

    Returns:
        Name of the source → user name and password.

    Raises:
        InputError: a configured value is not a user name or password.
    """
    try:
        sources = Sources.of((project_dir / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # planning reports what is wrong with the file
    names = dict.fromkeys([*(source.name for source in sources.listed), PYPI, PYPI.lower()])
    nested = _object(get(_SECTION), _SECTION, "the names of sources")
    found = {name: _login(get, nested, name) for name in names}
    return {name: login for name, login in found.items() if login}


def with_stack_credentials(request: LayerRequest, get: Callable[[str], Any]) -> LayerRequest:
    """The request, with the credentials of the stack's configuration given to its builder.

    Raises:
        InputError: a configured value is not a user name or password.
    """
    credentials = stack_credentials(get, request.project_dir)
    if not credentials:
        return request
    builder = request.builder
    return replace(request, builder=make_builder(builder.identity.kind, builder.options(), credentials))


def credentials_problems(builder: Builder | str) -> Iterator[InputError]:
    """An error for a builder with credentials: they could reach the provider's process only through the state."""
    for name in getattr(builder, "credentials", {}):
        yield InputError(
            "credentials= cannot be used in a Pulumi program: Pulumi would write them into the stack's state",
            where=place("builder"),
            hint=f"run `pulumi config set --secret {NAMESPACE}:{_SECTION}.{name}.password`, or set the variables "
            + " and ".join(variable_name("http-basic", name, part) for part in ("username", "password")),
        )


def _login(get: Callable[[str], Any], nested: dict[str, Any], name: str) -> tuple[str, str] | None:
    inner = _object(nested.get(name), f"{_SECTION}.{name}", "username and password")
    parts = []
    for part in ("username", "password"):
        key = f"{_SECTION}.{name}.{part}"
        value = get(key)
        value = inner.get(part) if value is None else value
        if value is not None and not isinstance(value, str | int | float):
            raise InputError("must be a string", where=f"{NAMESPACE}:{key}")
        parts.append(None if value is None else str(value))
    username, password = parts
    return None if username is None and password is None else (username or "", password or "")


def _object(value: Any, key: str, expected_keys: str) -> dict[str, Any]:
    """A nested value; the engine passes it as JSON."""
    if value is None:
        return {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, dict):
        raise InputError(
            f"must be an object with {expected_keys} as keys",
            where=f"{NAMESPACE}:{key}",
            hint=f"run `pulumi config set --secret {NAMESPACE}:{_SECTION}.<name>.password`",
        )
    return value
