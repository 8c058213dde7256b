"""What a builder is, and the files that it is given."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pulumi_poetry_layer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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
