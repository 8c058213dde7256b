"""Logins for indexes in the configuration of a Pulumi stack, so that each environment can have its own.

``pulumi config set --secret poetry-layer:httpBasic.<name>.password`` puts one there, encrypted; with ``--path`` the
same key is a nested object, which is read as well. The program and the dynamic provider each read it in their own
process. It is never an input or an output of a resource: a new password changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pulumi_poetry_layer.builders import make_builder
from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.host.variables import variable_name
from pulumi_poetry_layer.index.sources import PYPI, Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pulumi_poetry_layer.builders import Builder
    from pulumi_poetry_layer.layer.request import LayerRequest

NAMESPACE = "poetry-layer"
"""What the keys begin with, before the colon."""

_SECTION = "httpBasic"


def stack_credentials(get: Callable[[str], Any], project_dir: Path) -> dict[str, tuple[str, str]]:
    """The logins that a stack's configuration has for a project's sources, and for the mirror of PyPI.

    Args:
        get: gives the value of a key of the namespace, None where there is none. Nobody can list the keys.
        project_dir: the folder of pyproject.toml, which names the sources.

    Raises:
        InputError: what is configured is no user name and password.
    """
    try:
        sources = Sources.of((project_dir / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # told by whoever plans
    names = dict.fromkeys([*(source.name for source in sources.listed), PYPI, PYPI.lower()])
    nested = _object(get(_SECTION), _SECTION)
    found = {name: _login(get, nested, name) for name in names}
    return {name: login for name, login in found.items() if login}


def with_stack_credentials(request: LayerRequest, get: Callable[[str], Any]) -> LayerRequest:
    """A request whose builder has the logins of the stack's configuration.

    Raises:
        InputError: what is configured is no user name and password.
    """
    credentials = stack_credentials(get, request.project_dir)
    if not credentials:
        return request
    builder = request.builder
    return replace(request, builder=make_builder(builder.identity.kind, builder.options(), credentials))


def credentials_problems(builder: Builder | str) -> Iterator[InputError]:
    """What is wrong with a builder that was given logins: only the state would take them to the process that builds."""
    for name in getattr(builder, "credentials", {}):
        yield InputError(
            "a builder with credentials= is for plain Python: Pulumi would have to write them into the state",
            where="builder",
            hint=f"`pulumi config set --secret {NAMESPACE}:{_SECTION}.{name}.password`, or set "
            + " and ".join(variable_name("http-basic", name, part) for part in ("username", "password")),
        )


def _login(get: Callable[[str], Any], nested: dict[str, Any], name: str) -> tuple[str, str] | None:
    inner = _object(nested.get(name), f"{_SECTION}.{name}")
    parts = []
    for part in ("username", "password"):
        key = f"{_SECTION}.{name}.{part}"
        value = get(key)
        value = inner.get(part) if value is None else value
        if value is not None and not isinstance(value, str | int | float):
            raise InputError("must be a text", where=f"{NAMESPACE}:{key}")
        parts.append(None if value is None else str(value))
    username, password = parts
    return None if username is None and password is None else (username or "", password or "")


def _object(value: Any, key: str) -> dict[str, Any]:
    """A nested value, which the engine hands out as JSON."""
    if value is None:
        return {}
    problem = InputError(
        "must be an object of names of sources",
        where=f"{NAMESPACE}:{key}",
        hint=f"pulumi config set --secret {NAMESPACE}:{_SECTION}.<name>.password",
    )
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, dict):
        raise problem
    return value
