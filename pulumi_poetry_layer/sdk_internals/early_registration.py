"""Sends the first layer of a program to the engine while the program is still running.

The SDK sends nothing before the program's last line, and only then does the engine start the process of the dynamic
provider. Sent early, that process starts while the program declares the rest; docs/benchmarks.md has the figures. The
SDK has no public function that waits within a program.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING
from weakref import WeakSet

import pulumi

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_COMPONENT_SECONDS = 0.1
"""The longest wait for the component: it may have to wait for its parent or its dependencies."""

_CHILD_SECONDS = 0.005
"""How long the SDK needs to send a child when its parent is registered."""

_programs: WeakSet[pulumi.Resource] = WeakSet()
"""The stack resources of programs whose first layer was sent: a process may run several programs."""


def register_early(component: pulumi.ComponentResource) -> None:
    """Let the SDK send ``component`` and the children declared so far, if it is the first of the program.

    The program waits as it does for the result of an invoke such as ``aws.get_region()``. If a release of the SDK waits
    in another way, everything is sent at the end of the program.
    """
    program = pulumi.runtime.get_root_resource()
    wait = _wait_within_program()
    if program is None or program in _programs or wait is None:
        return
    _programs.add(program)
    wait(_sent(component))


async def _sent(component: pulumi.ComponentResource) -> None:
    registered = asyncio.Event()
    component.urn.apply(lambda _: registered.set())
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(registered.wait(), _COMPONENT_SECONDS)
        await asyncio.sleep(_CHILD_SECONDS)


def _wait_within_program() -> Callable[[Awaitable[None]], None] | None:
    """The SDK's function that waits within a program; it only works in the event loops of asyncio itself."""
    try:
        wait: Callable[[Awaitable[None]], None] = import_module("pulumi.runtime.sync_await")._sync_await
        loop = asyncio.get_running_loop()
    except (ImportError, AttributeError, RuntimeError):
        return None  # another release of the SDK, or no running program
    return wait if isinstance(loop, asyncio.BaseEventLoop) else None
