"""Waiting within a program. tests/e2e/test_lifecycle.py checks that the engine then starts the provider."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from types import SimpleNamespace
from typing import Any, cast

import pulumi
import pytest

from pulumi_poetry_layer.sdk_internals.early_registration import register_early


class Waits:
    """Replaces the SDK's function that waits within a program: it counts calls, and waits in the loop of the test."""

    def __init__(self) -> None:
        self.count = 0
        self.waiting: list[asyncio.Future[None]] = []

    def __call__(self, awaitable: Awaitable[None]) -> None:
        self.count += 1
        self.waiting.append(asyncio.ensure_future(awaitable))


def declare(urn: object, waits: Waits, times: int = 1) -> None:
    """Declare components in a running program, and wait for all that was started."""
    component = cast("pulumi.ComponentResource", SimpleNamespace(urn=urn))

    async def program() -> None:
        for _ in range(times):
            register_early(component)
        await asyncio.gather(*waits.waiting)

    loop = asyncio.new_event_loop()  # not asyncio.run: it would take the main thread's loop away from other tests
    try:
        loop.run_until_complete(program())
    finally:
        loop.close()


class Urn:
    """An Output whose value is known, or never will be."""

    def __init__(self, *, known: bool) -> None:
        self.known = known

    def apply(self, function: Any) -> None:
        """Call the function, as an Output does when its value is known."""
        if self.known:
            function("urn:pulumi:dev::project::poetry-layer:index:PoetryLayer::deps")


class Program:
    """Replaces the stack's resource."""


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """A running program, and the waits of the SDK in it."""
    waits = Waits()
    program = Program()
    monkeypatch.setitem(sys.modules, "pulumi.runtime.sync_await", cast("Any", SimpleNamespace(_sync_await=waits)))
    monkeypatch.setattr(pulumi.runtime, "get_root_resource", lambda: program)
    return waits


def test_program_waits_for_its_first_layer_only(waits: Waits) -> None:
    """Otherwise the provider starts late, or each of twenty layers delays the program."""
    declare(Urn(known=True), waits, times=3)
    assert waits.count == 1


def test_program_continues_if_the_layer_waits_for_another_resource(waits: Waits) -> None:
    """Otherwise a layer that depends on a bucket stops the program until the bucket exists, or forever."""
    declare(Urn(known=False), waits)
    assert waits.count == 1


@pytest.mark.parametrize("stand_in", [None, SimpleNamespace()])
def test_release_of_the_sdk_without_the_function_works(
    stand_in: object, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an update of Pulumi breaks every program with a layer."""
    monkeypatch.setitem(sys.modules, "pulumi.runtime.sync_await", cast("Any", stand_in))
    declare(Urn(known=True), waits)
    assert waits.count == 0


def test_event_loop_of_another_library_works(waits: Waits) -> None:
    """Otherwise a program in the event loop of uvloop fails, which cannot run inside itself."""
    inner = asyncio.new_event_loop()
    foreign = cast("asyncio.AbstractEventLoop", SimpleNamespace())

    async def program() -> None:
        asyncio._set_running_loop(foreign)
        try:
            register_early(cast("pulumi.ComponentResource", SimpleNamespace(urn=Urn(known=True))))
        finally:
            asyncio._set_running_loop(inner)

    try:
        inner.run_until_complete(program())
    finally:
        inner.close()
    assert waits.count == 0


def test_layer_outside_of_a_running_program_works(waits: Waits) -> None:
    """Otherwise a layer cannot be declared where no engine is running."""
    register_early(cast("pulumi.ComponentResource", SimpleNamespace(urn=Urn(known=True))))
    assert waits.count == 0
