"""Names for the layers of a program, for paths and messages: layers under different parents may have the same name."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import pulumi

from pulumi_poetry_layer.arguments import is_mocked

if TYPE_CHECKING:
    from collections.abc import Iterator

_labels_of_programs: WeakKeyDictionary[pulumi.Resource, set[str]] = WeakKeyDictionary()
"""The labels of each program, by its stack resource: a process may run several programs."""


def label_in_program(name: str) -> str:
    """The resource's name, with a number if it is taken by an earlier layer of the program in this process."""
    program = pulumi.runtime.get_root_resource()
    if program is None or is_mocked():
        return name
    taken = _labels_of_programs.setdefault(program, set())
    label = next(candidate for candidate in _numbered(name) if candidate not in taken)
    taken.add(label)
    return label


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in count(2))
