"""What every kind of resource declares and does."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from stand_in.session import Session
from stand_in.values import Props


@dataclass(frozen=True, kw_only=True)
class Property:
    """One input of a resource, in Terraform's terms."""

    required: bool = False
    force_new: bool = False
    computed: bool = False
    """AWS or the provider fills it in when the program leaves it out."""
    default: Any = None
    unordered: bool = False
    is_json: bool = False
    """A JSON document: what it says counts, not how it is laid out."""


class Kind(abc.ABC):
    """One kind of resource: its inputs and outputs, and its life at AWS."""

    token: ClassVar[str]
    properties: ClassVar[Mapping[str, Property]]
    outputs: ClassVar[tuple[str, ...]]
    """What AWS alone decides; unknown until the resource exists."""
    volatile: ClassVar[tuple[str, ...]] = ()
    """Outputs that an update may change."""
    autoname: ClassVar[str | None] = None
    """The property that gets the resource's name and a random suffix when the program leaves it out."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @abc.abstractmethod
    def create(self, inputs: Props) -> tuple[str, Props]:
        """Create it and return its id and what AWS says of it."""

    @abc.abstractmethod
    def read(self, resource_id: str, known: Props) -> Props | None:
        """Return what AWS says of it, or ``None`` when it is gone."""

    @abc.abstractmethod
    def delete(self, resource_id: str, known: Props) -> None:
        """Delete it; something already gone is fine."""

    @classmethod
    def new_name(cls, resource_name: str, suffix: str) -> str:
        """Return the name for a resource that the program leaves unnamed."""
        return f"{resource_name}-{suffix}"

    def update(self, resource_id: str, known: Props, inputs: Props) -> None:  # noqa: B027
        """Bring it to the new inputs in place; nothing to do where only what Pulumi notes has changed."""


REGION = Property(force_new=True, computed=True)
TAGS = Property()


def given(**values: Any) -> dict[str, Any]:
    """Return the arguments that are worth sending: neither absent nor empty."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


def is_missing(error: ClientError) -> bool:
    """Whether AWS says that the thing asked for does not exist."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return code in {"404", "NoSuchKey", "NoSuchBucket", "NoSuchEntity", "ResourceNotFoundException"}
