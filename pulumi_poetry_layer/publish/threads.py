"""Threads in which zips are built while the event loop serves the engine."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")

_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="poetry-layer")
"""Those of the event loop may all be taken: for each resource that is being created, the SDK keeps one of them until it
is created, and on a machine with two processors there are six.
"""


async def in_thread(function: Callable[..., _Result], *arguments: Any) -> _Result:
    """Call a function in a thread; like ``asyncio.to_thread``, but never short of threads."""
    return await asyncio.get_running_loop().run_in_executor(_threads, copy_context().run, partial(function, *arguments))
