"""Builders: each turns a plan into the members of the layer.

- ``wheels``: :class:`WheelBuilder` puts the locked wheels into the layer. The default.
- ``local``: :class:`LocalBuilder` runs ``poetry install`` on this host.
- ``container``: :class:`ContainerBuilder` runs ``poetry install`` in a Docker container.
- ``poetry``: the steps that the last two share.

This module defines what a builder is, and makes one by its name. The room may import ``wheels``, ``compare`` and the
rooms below them.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pulumi_poetry_layer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pulumi_poetry_layer.archive.members import Member, Segment
    from pulumi_poetry_layer.plan.build_plan import BuilderIdentity, BuildPlan


@dataclass(frozen=True, kw_only=True)
class ProjectFiles:
    """The two files that a layer is made from.

    Attributes:
        pyproject: text of pyproject.toml.
        lock: text of poetry.lock.
        folder: the folder that paths in these files are relative to.
    """

    pyproject: str
    lock: str
    folder: Path = Path()


class Builder(Protocol):
    """What every builder can do."""

    @property
    def identity(self) -> BuilderIdentity:
        """The properties of the builder that the content of the layer depends on; part of the fingerprint."""

    def options(self) -> Mapping[str, str]:
        """Constructor arguments as strings, so that another process can make the same builder."""

    def build(self, plan: BuildPlan, files: ProjectFiles) -> AbstractContextManager[Sequence[Member | Segment]]:
        """Build the members of the layer. The files that they refer to exist until the context ends.

        Args:
            plan: what to build.
            files: the files that the plan was made from.

        Raises:
            BuildError: the plan cannot be built on this host, or not at all.
        """


def _container() -> Callable[..., Builder]:
    from pulumi_poetry_layer.builders.container.builder import ContainerBuilder

    return ContainerBuilder


def _local() -> Callable[..., Builder]:
    from pulumi_poetry_layer.builders.local import LocalBuilder

    return LocalBuilder


def _wheels() -> Callable[..., Builder]:
    from pulumi_poetry_layer.builders.wheels import WheelBuilder

    return WheelBuilder


_BUILDERS: dict[str, Callable[[], Callable[..., Builder]]] = {
    "container": _container,
    "local": _local,
    "wheels": _wheels,
}
"""Name → a function that imports and returns the class, so that only the chosen builder is imported."""

DEFAULT_BUILDER = "wheels"
BUILDERS = tuple(_BUILDERS)


def make_builder(
    kind: str,
    options: Mapping[str, str] | None = None,
    credentials: Mapping[str, tuple[str, str]] | None = None,
) -> Builder:
    """Make a builder.

    Args:
        kind: its name; see :data:`BUILDERS`.
        options: the constructor arguments that :meth:`Builder.options` returned.
        credentials: name of a source → user name and password.

    Raises:
        InputError: there is no builder of that name, or an argument is not valid.
    """
    if kind not in _BUILDERS:
        raise InputError(f"unknown builder {kind!r}", where="builder", hint=f"choose one of: {', '.join(BUILDERS)}")
    return _BUILDERS[kind]()(**(options or {}), **({"credentials": credentials} if credentials else {}))


def given_credentials(given: Mapping[str, tuple[str, str]] | None) -> dict[str, tuple[str, str]]:
    """Check the ``credentials=`` argument of a builder, and return a copy.

    Args:
        given: name of a source → user name and password.

    Raises:
        InputError: a value is not a pair of strings. The error does not contain the value.
    """
    checked: dict[str, tuple[str, str]] = {}
    pairs: Mapping[str, Any] = given or {}
    for name, login in pairs.items():
        if not isinstance(login, (tuple, list)) or [type(part) for part in login] != [str, str]:
            raise InputError(
                "must be a pair of strings: user name and password",
                where=f"credentials[{name!r}]",
                hint=f'write credentials={{"{name}": ("user", "password")}}',
            )
        checked[name] = (login[0], login[1])
    return checked
