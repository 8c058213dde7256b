"""The first layer of a program goes to the engine while the program is still running.

The SDK sends nothing before the program's last line, and then the engine starts one plugin after the other. The one
that builds layers is another Python process: started now, it is ready by the time the program has imported and
declared the rest, and a preview that changes nothing takes a tenth less (docs/benchmarks.md).
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

_REGISTERED_SECONDS = 0.1
"""Longest wait for the component to be registered: it may have to wait for a parent that is being made."""

_SENT_SECONDS = 0.005
"""What a child needs to be on its way, once its parent is registered."""

_programs: WeakSet[pulumi.Resource] = WeakSet()
"""The stack resources of programs that had their first layer: a process may run several."""


def register_early(component: pulumi.ComponentResource) -> None:
    """Let what was declared so far be sent: ``component`` and its child, when it is a program's first.

    The program waits as it does for the result of an invoke such as ``aws.get_region()``, with the same loop inside the
    loop; where that cannot be had, everything is sent at the end of the program, as usual.
    """
    program = pulumi.runtime.get_root_resource()
    wait = _sync_await()
    if program is None or program in _programs or wait is None:
        return
    _programs.add(program)
    wait(_sent(component))


async def _sent(component: pulumi.ComponentResource) -> None:
    registered = asyncio.Event()
    component.urn.apply(lambda _: registered.set())
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(registered.wait(), _REGISTERED_SECONDS)
        await asyncio.sleep(_SENT_SECONDS)


def _sync_await() -> Callable[[Awaitable[None]], None] | None:
    """How the SDK waits within a program: not a public name, and for event loops of asyncio's own alone."""
    try:
        found = import_module("pulumi.runtime.sync_await")._sync_await
    except (ImportError, AttributeError):
        return None
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None  # no engine is waiting
    return found if isinstance(loop, asyncio.BaseEventLoop) else None
