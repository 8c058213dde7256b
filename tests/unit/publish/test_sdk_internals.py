"""What is found of the SDK's own names, and what happens where a release has other ones."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from pulumi_poetry_layer.publish import sdk_internals
from pulumi_poetry_layer.publish.sdk_internals import ProgramTransforms

CALLBACKS = "pulumi.runtime._callbacks"


@pytest.mark.parametrize("module", [None, SimpleNamespace(), SimpleNamespace(_CallbackServicer=object)])
def test_releases_of_the_sdk_with_other_names_work(module: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an update of Pulumi breaks every program with a layer, although it has no transforms at all."""
    monkeypatch.setitem(sys.modules, CALLBACKS, module)

    assert len(ProgramTransforms()) == 0


def test_transforms_of_this_program_are_counted_and_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the hash that a transform loses is not restored, and another layer's zip is published."""
    registered: list[Any] = []
    mine, other = object(), object()
    servers = [
        SimpleNamespace(_monitor=other, _transforms={"a": "1", "b": "2"}),
        SimpleNamespace(_monitor=mine, _transforms={}, register_stack_transform=registered.append),
        SimpleNamespace(_monitor=mine, _transforms={"c": "3"}),
    ]
    servicer = SimpleNamespace(_servicers=servers)
    monkeypatch.setitem(sys.modules, CALLBACKS, SimpleNamespace(_CallbackServicer=servicer))
    monkeypatch.setattr(sdk_internals, "get_monitor", lambda: mine)
    transforms = ProgramTransforms()

    assert len(transforms) == 1
    transforms.append(print)
    assert registered == [print]
