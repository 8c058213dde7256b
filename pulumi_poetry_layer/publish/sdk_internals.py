"""Every private name of Pulumi's SDK that this package uses.

The SDK has no public way to see whether a program has resource transforms, and its public way to register one waits for
all resources that are being registered. The tests hold these names on the oldest and the newest release of the SDK that
pyproject.toml allows (``tests/e2e/test_sdk_releases.py``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pulumi.runtime.settings import get_monitor

if TYPE_CHECKING:
    from collections.abc import Callable

    import pulumi

    Transform = Callable[[pulumi.ResourceTransformArgs], pulumi.ResourceTransformResult | None]


class ProgramTransforms:
    """The resource transforms of the running program.

    The SDK may have several callback servers for one program, and a process may run several programs; a server belongs
    to the program whose engine it talks to. None is found where a release of the SDK keeps its servers elsewhere: then
    everything works, but transforms that return all properties make layers change.
    """

    def __init__(self) -> None:
        try:
            servers: list[Any] = import_module("pulumi.runtime._callbacks")._CallbackServicer._servicers
        except (ImportError, AttributeError):
            servers = []
        monitor = get_monitor()
        self._servers = [server for server in servers if getattr(server, "_monitor", None) is monitor]

    def __len__(self) -> int:
        return sum(len(getattr(server, "_transforms", ())) for server in self._servers)

    def append(self, transform: Transform) -> None:
        """Have a transform run after all that were registered before; again, when it is registered again."""
        self._servers[0].register_stack_transform(transform)
