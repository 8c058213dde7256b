"""Registering while the program runs; that the engine then starts the plugin is held by tests/e2e/test_lifecycle.py."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from types import SimpleNamespace
from typing import Any, cast

import pulumi
import pytest

from pulumi_poetry_layer.early_registration import register_early


class Waits:
    """In place of the SDK's way to wait within a program: counts, and waits in the loop of the test."""

    def __init__(self) -> None:
        self.count = 0
        self.waiting: list[asyncio.Future[None]] = []

    def __call__(self, awaitable: Awaitable[None]) -> None:
        self.count += 1
        self.waiting.append(asyncio.ensure_future(awaitable))


def declare(urn: object, waits: Waits, times: int = 1) -> None:
    """Declare components in a running program, and wait for what was begun."""
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
    """An Output that is known, or never will be."""

    def __init__(self, *, known: bool) -> None:
        self.known = known

    def apply(self, function: Any) -> None:
        """Call the function, as an Output does once its value is there."""
        if self.known:
            function("urn:pulumi:dev::project::poetry-layer:index:PoetryLayer::deps")


class Program:
    """In place of the stack's resource."""


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """The SDK's waiting, and a program that runs."""
    waits = Waits()
    program = Program()
    monkeypatch.setitem(sys.modules, "pulumi.runtime.sync_await", cast("Any", SimpleNamespace(_sync_await=waits)))
    monkeypatch.setattr(pulumi.runtime, "get_root_resource", lambda: program)
    return waits


def test_first_layer_of_a_program_is_waited_for_and_no_other(waits: Waits) -> None:
    """Otherwise the plugin is started late, or each of twenty layers holds the program up."""
    declare(Urn(known=True), waits, times=3)
    assert waits.count == 1


def test_program_goes_on_when_the_layer_has_to_wait_for_something(waits: Waits) -> None:
    """Otherwise a layer that depends on a bucket halts the program until the bucket is there, or for ever."""
    declare(Urn(known=False), waits)
    assert waits.count == 1


@pytest.mark.parametrize("stand_in", [None, SimpleNamespace()])
def test_releases_of_the_sdk_that_wait_otherwise_work(
    stand_in: object, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an update of Pulumi breaks every program with a layer."""
    monkeypatch.setitem(sys.modules, "pulumi.runtime.sync_await", cast("Any", stand_in))
    declare(Urn(known=True), waits)
    assert waits.count == 0


def test_event_loops_of_others_work(waits: Waits) -> None:
    """Otherwise a program that runs in uvloop's loop, which cannot be run inside itself, fails."""
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
    """Otherwise nobody can make one where no engine is waiting."""
    register_early(cast("pulumi.ComponentResource", SimpleNamespace(urn=Urn(known=True))))
    assert waits.count == 0
