"""Whether a program has resource transforms, and how to add one that runs last.

The SDK has no public way to find this out, and its public function to register one waits for all pending resources.
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

    The SDK may have several callback servers for one program, and a process may run several programs. The servers of a
    program are those that use its engine connection. If a release of the SDK stores its servers elsewhere, no transform
    is found. Then everything works in programs without transforms, but a layer is refused if a transform returns its
    properties.
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

    def may_remove_hashes(self) -> bool:
        """Whether there are transforms, or it is not known: a program with a layer has a server for its hooks."""
        return not self._servers or len(self) > 0

    def append(self, transform: Transform) -> None:
        """Register a transform that runs after all that are registered now; it may be registered more than once."""
        self._servers[0].register_stack_transform(transform)


async def add_stack_transform(transform: Transform) -> None:
    """Register a transform that runs after all that the program has registered up to now.

    For a component in a plugin: the transforms of the program are in another process, which has callback servers of its
    own. The engine runs all transforms in the order in which they were registered.
    """
    callbacks: Any = await import_module("pulumi.runtime.settings")._get_callbacks()
    callbacks.register_stack_transform(transform)
