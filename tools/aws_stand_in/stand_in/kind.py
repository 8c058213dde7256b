"""The base class for kinds of resources."""

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
    """An input of a resource, with the words of Terraform."""

    required: bool = False
    force_new: bool = False
    computed: bool = False
    """AWS or the provider sets it if the program does not."""
    default: Any = None
    unordered: bool = False
    is_json: bool = False
    """A JSON document, which is compared by its content."""


class Kind(abc.ABC):
    """A kind of resource: its inputs and outputs, and how it is created, read, updated and deleted."""

    token: ClassVar[str]
    properties: ClassVar[Mapping[str, Property]]
    outputs: ClassVar[tuple[str, ...]]
    """The properties that AWS sets. They are unknown until the resource exists."""
    volatile: ClassVar[tuple[str, ...]] = ()
    """The outputs that an update may change."""
    autoname: ClassVar[str | None] = None
    """The property that gets the name of the resource and a random suffix if the program does not set it."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @abc.abstractmethod
    def create(self, inputs: Props) -> tuple[str, Props]:
        """Create the resource. Return its ID and its properties on AWS."""

    @abc.abstractmethod
    def read(self, resource_id: str, known: Props) -> Props | None:
        """Return the properties of the resource on AWS, or ``None`` if it does not exist."""

    @abc.abstractmethod
    def delete(self, resource_id: str, known: Props) -> None:
        """Delete the resource, if it still exists."""

    @classmethod
    def new_name(cls, resource_name: str, suffix: str) -> str:
        """Return a name for a resource without a name in the program."""
        return f"{resource_name}-{suffix}"

    def update(self, resource_id: str, known: Props, inputs: Props) -> None:  # noqa: B027
        """Update the resource to the new inputs. Does nothing if only properties that AWS does not have can change."""


REGION = Property(force_new=True, computed=True)
TAGS = Property()


def given(**values: Any) -> dict[str, Any]:
    """Return the arguments that are neither ``None`` nor empty."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


def is_missing(error: ClientError) -> bool:
    """Whether the error of AWS says that a resource does not exist."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return code in {
        *("404", "NoSuchKey", "NoSuchBucket", "NoSuchEntity"),
        *("ParameterNotFound", "ResourceNotFoundException", "UnknownLayerVersionException", "UnknownPolicyException"),
    }
