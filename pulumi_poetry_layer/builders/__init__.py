"""Builders: each turns a plan into the members of the layer."""

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
    """The texts of the two files a layer is made from, and the folder that paths in them are relative to."""

    pyproject: str
    lock: str
    folder: Path = Path()


class Builder(Protocol):
    """What the pipeline asks of a builder."""

    @property
    def identity(self) -> BuilderIdentity:
        """What of the builder decides the layer's bytes; part of the fingerprint."""

    def options(self) -> Mapping[str, str]:
        """Constructor arguments as plain values, so that another process can make the same builder."""

    def build(self, plan: BuildPlan, files: ProjectFiles) -> AbstractContextManager[Sequence[Member | Segment]]:
        """Build the layer's members; what they point to lives until the context ends.

        Raises:
            BuildError: the plan cannot be built, here or at all.
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
"""Kind → a function that imports and returns the class: what is not used is not imported."""

DEFAULT_BUILDER = "wheels"
BUILDERS = tuple(_BUILDERS)


def make_builder(
    kind: str,
    options: Mapping[str, str] | None = None,
    credentials: Mapping[str, tuple[str, str]] | None = None,
) -> Builder:
    """The builder of that kind.

    Args:
        kind: its name.
        options: what the builder's ``options`` gave.
        credentials: name of a source → user name and password.

    Raises:
        InputError: there is no such builder.
    """
    if kind not in _BUILDERS:
        raise InputError(f"unknown builder {kind!r}", where="builder", hint=f"builders: {', '.join(BUILDERS)}")
    return _BUILDERS[kind]()(**(options or {}), **({"credentials": credentials} if credentials else {}))


def given_credentials(given: Mapping[str, tuple[str, str]] | None) -> dict[str, tuple[str, str]]:
    """What a builder was given as ``credentials=``, checked.

    Raises:
        InputError: it is not names of sources with a user name and a password each; the values are not shown.
    """
    checked: dict[str, tuple[str, str]] = {}
    pairs: Mapping[str, Any] = given or {}
    for name, login in pairs.items():
        if not isinstance(login, (tuple, list)) or [type(part) for part in login] != [str, str]:
            raise InputError(
                "must be a pair of strings, user name and password",
                where=f"credentials[{name!r}]",
                hint=f'write credentials={{"{name}": ("user", "password")}}',
            )
        checked[name] = (login[0], login[1])
    return checked
