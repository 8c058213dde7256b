"""The private names of the SDK, and a release of the SDK that does not have them."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from pulumi_poetry_layer.sdk_internals import transforms as transforms_module
from pulumi_poetry_layer.sdk_internals.transforms import ProgramTransforms

CALLBACKS = "pulumi.runtime._callbacks"


@pytest.mark.parametrize("module", [None, SimpleNamespace(), SimpleNamespace(_CallbackServicer=object)])
def test_sdk_release_with_other_private_names_has_no_transforms(
    module: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an update of Pulumi breaks every program with a layer, even without transforms."""
    monkeypatch.setitem(sys.modules, CALLBACKS, module)

    assert len(ProgramTransforms()) == 0


def test_only_transforms_of_this_program_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the hash that a transform removes is not restored, and the zip of another layer is published."""
    registered: list[Any] = []
    own_monitor, other_monitor = object(), object()
    servers = [
        SimpleNamespace(_monitor=other_monitor, _transforms={"a": "1", "b": "2"}),
        SimpleNamespace(_monitor=own_monitor, _transforms={}, register_stack_transform=registered.append),
        SimpleNamespace(_monitor=own_monitor, _transforms={"c": "3"}),
    ]
    servicer = SimpleNamespace(_servicers=servers)
    monkeypatch.setitem(sys.modules, CALLBACKS, SimpleNamespace(_CallbackServicer=servicer))
    monkeypatch.setattr(transforms_module, "get_monitor", lambda: own_monitor)
    transforms = ProgramTransforms()

    assert len(transforms) == 1
    transforms.append(print)
    assert registered == [print]
