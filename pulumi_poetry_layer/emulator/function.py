"""Starts a function on the emulator, invokes it over HTTP on loopback, and ends it.

The only module that uses ``http.client``; it connects to no other host than 127.0.0.1.
"""

from __future__ import annotations

import json
import os
import socket
import time
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from pulumi_poetry_layer.emulator.answers import parse_answer
from pulumi_poetry_layer.emulator.runtime_client import runtime_client
from pulumi_poetry_layer.emulator.sandbox import EMULATOR, NAMESPACES, PYTHON_FOLDER, Sandbox, variables_of
from pulumi_poetry_layer.errors import HostError, InvocationError
from pulumi_poetry_layer.host.cache import using_cache
from pulumi_poetry_layer.host.cleanup import temporary_folder
from pulumi_poetry_layer.host.files import expand_home
from pulumi_poetry_layer.host.process import find_program, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pulumi_poetry_layer.emulator.answers import Answer
    from pulumi_poetry_layer.emulator.interpreter import Interpreter
    from pulumi_poetry_layer.plan.target import Target

_NAME = "aws-lambda-rie"
_DOCUMENTED_PLACE = "~/.aws-lambda-rie"  # https://github.com/aws/aws-lambda-runtime-interface-emulator#readme
_HINT = (
    "download it from https://github.com/aws/aws-lambda-runtime-interface-emulator/releases to "
    f"{_DOCUMENTED_PLACE}/{_NAME}, and make it executable"
)
_NAMESPACE_HINT = (
    "it needs user namespaces, and util-linux 2.38 or newer: run the command as root, or allow all users to create "
    "user namespaces (sysctl kernel.unprivileged_userns_clone=1, or kernel.apparmor_restrict_unprivileged_userns=0)"
)
_PATH = "/2015-03-31/functions/function/invocations"
_RESOLVER = Path("/etc/resolv.conf")
_LOOPBACK = "127.0.0.1"
_START_SECONDS = 30.0
_STEP = 0.02
_END_WITH_PARENT = ("--pdeathsig", "KILL")  # also if this process is killed
_EMULATOR_IS_GONE = "LAMBDA_RUNTIME Failed to get next invocation"
"""What the runtime client prints if the emulator ends before it."""


class RunningFunction:
    """A function on the emulator, see :func:`running_function`."""

    def __init__(self, port: int, timeout: int) -> None:
        self._port = port
        self._timeout = timeout

    def invoke(self, event: object) -> Answer:
        """Invoke the function with an event, which must be a JSON value.

        Raises:
            InvocationError: the emulator does not answer.
        """
        # The emulator itself ends an invocation that takes too long; it needs a moment to do so.
        connection = HTTPConnection(_LOOPBACK, self._port, timeout=self._timeout + _START_SECONDS)
        try:
            connection.request("POST", _PATH, json.dumps(event), {"Content-Type": "application/json"})
            response = connection.getresponse()
            return parse_answer(response.status, response.read())
        except (OSError, HTTPException) as error:
            raise InvocationError(
                f"the emulator does not answer: {_reported(error)}",
                hint="the lines before this message are the log of the function",
            ) from error
        finally:
            connection.close()


def _reported(error: OSError | HTTPException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class _Log:
    """The log of the emulator and of the function."""

    def __init__(self, show_line: Callable[[str], None]) -> None:
        self.lines: list[str] = []
        self._show_line = show_line
        self._is_open = True

    def add(self, line: str) -> None:
        if _EMULATOR_IS_GONE in line:  # a traceback follows
            self._is_open = False
        if self._is_open:
            self.lines.append(line)
            self._show_line(line)


@contextmanager
def running_function(
    target: Target,
    interpreter: Interpreter,
    *,
    layer: Path,
    task: Path,
    handler: str,
    timeout: int,
    show_line: Callable[[str], None],
    variables: Mapping[str, str] | None = None,
) -> Iterator[RunningFunction]:
    """A function that runs on the emulator for the time of the block.

    Args:
        target: the runtime and the architecture.
        interpreter: the Python of this machine for them.
        layer: the folder that the function sees as ``/opt``.
        task: the folder that the function sees as ``/var/task``.
        handler: the handler: ``module.function``.
        timeout: seconds that one invocation may take.
        show_line: is called in another thread with each line of the function's log.
        variables: further environment variables of the function.

    Raises:
        HostError: this machine cannot run the function.
        SubprocessError: a program is missing or failed.
        InvocationError: the emulator did not start.
    """
    unshare, setpriv = (find_program(name, hint="install util-linux") for name in ("unshare", "setpriv"))
    emulator = _find_emulator()
    with using_cache(), ExitStack() as stack:
        sandbox = Sandbox(
            root=stack.enter_context(temporary_folder()),
            interpreter=interpreter,
            emulator=emulator,
            runtime=runtime_client(interpreter.program, target),
            layer=layer.resolve(),
            task=task.resolve(),
            resolver=_RESOLVER if _RESOLVER.is_file() else None,
        )
        port, api_port = _free_ports()
        python = f"{PYTHON_FOLDER}/bin/{interpreter.program.name}"
        addresses = ["--runtime-api-address", f"{_LOOPBACK}:{api_port}"]
        addresses += ["--runtime-interface-emulator-address", f"{_LOOPBACK}:{port}"]
        command = [EMULATOR, "--log-level", "error", *addresses, python, "-m", "awslambdaric", handler]
        environment = {**variables_of(target, handler, timeout), **(variables or {})}
        script = sandbox.script(unshare.path, command, environment)
        log = _Log(show_line)
        has_ended = stack.enter_context(
            running(
                setpriv,
                [*_END_WITH_PARENT, unshare.path, *NAMESPACES, "sh", "-c", script],
                environment={"PATH": os.environ.get("PATH", os.defpath)},
                folder=Path("/"),
                show_line=log.add,
            )
        )
        _await_emulator(port, has_ended, log.lines)
        yield RunningFunction(port, timeout)


def _find_emulator() -> Path:
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), str(expand_home(_DOCUMENTED_PLACE))])
    if path := which(_NAME, path=places):
        return Path(path).resolve()
    raise HostError(f"{_NAME} was not found on PATH", where="emulator", hint=_HINT)


def _free_ports() -> tuple[int, int]:
    """Two ports of loopback that no program listens on."""
    with socket.socket() as first, socket.socket() as second:
        first.bind((_LOOPBACK, 0))
        second.bind((_LOOPBACK, 0))
        return first.getsockname()[1], second.getsockname()[1]


def _await_emulator(port: int, has_ended: Callable[[], bool], output: list[str]) -> None:
    until = time.monotonic() + _START_SECONDS
    while not has_ended():
        with suppress(OSError), socket.create_connection((_LOOPBACK, port), timeout=1):
            return
        if time.monotonic() > until:
            raise InvocationError(
                "\n".join([f"the emulator did not start within {_START_SECONDS:.0f} seconds", *output]),
                hint="close other programs, and run the command again",
            )
        time.sleep(_STEP)
    raise InvocationError("\n".join(["the emulator did not start", *output]), hint=_NAMESPACE_HINT)
