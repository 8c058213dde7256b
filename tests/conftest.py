"""What holds for all tests: how hypothesis runs, and where packages come from."""

from __future__ import annotations

import asyncio
import os

import pytest
from hypothesis import settings
from pypi_simple import PYPI_SIMPLE_ENDPOINT

# Without a clock, and in CI always with the same examples.
settings.register_profile("here", deadline=None, max_examples=50, derandomize=bool(os.environ.get("CI")))
settings.load_profile("here")

# Behind some proxies PyPI has the simple API only, and Poetry needs its mirror plugin to install anything from there.
os.environ.setdefault("POETRY_PYPI_MIRROR_URL", PYPI_SIMPLE_ENDPOINT)


def pytest_configure(config: pytest.Config) -> None:
    """Give the main thread an event loop, as Pulumi does for a program.

    An Output is a future of that loop. From Python 3.14 on asyncio no longer makes one unasked, and modules of tests
    make Outputs when they are imported.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    config.add_cleanup(loop.close)


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests with Docker one after the other: they look at all containers and images of the one daemon."""
    for item in items:
        if item.get_closest_marker("docker"):
            item.add_marker(pytest.mark.xdist_group("docker"))
