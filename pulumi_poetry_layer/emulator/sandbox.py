"""The file system and the environment variables that a function sees. Pure: what will run is data.

A shell script makes the file system in mount, user and process namespaces of its own, so nothing of it is left when
its last process has ended. https://man7.org/linux/man-pages/man7/namespaces.7.html
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePath

    from pulumi_poetry_layer.emulator.interpreter import Interpreter
    from pulumi_poetry_layer.plan.target import Target

TASK_FOLDER = "/var/task"
LAYER_FOLDER = "/opt"
RUNTIME_FOLDER = "/var/runtime"
PYTHON_FOLDER = "/var/lang"
LIBRARY_FOLDER = "/lib64"
EMULATOR = "/usr/local/bin/aws-lambda-rie"

_FOLDERS = (
    TASK_FOLDER,
    LAYER_FOLDER,
    RUNTIME_FOLDER,
    LIBRARY_FOLDER,
    "/dev",
    "/etc",
    "/proc",
    "/tmp",  # noqa: S108 - the one of the sandbox
    "/usr/local/bin",
)
_DEVICES = ("full", "null", "random", "urandom", "zero")
_USER, _GROUP = 993, 990  # as in Lambda: sbx_user1051
_TEXTS = {
    "/etc/passwd": f"sbx_user1051:x:{_USER}:{_GROUP}::/home/sbx_user1051:/sbin/nologin\n",
    "/etc/group": f"sbx_user1051:x:{_GROUP}:\n",
    "/etc/hosts": "127.0.0.1 localhost\n",
}
_TEMPORARY_SIZE = "512m"  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
NAMESPACES = ("--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child=KILL")
"""Options of ``unshare`` for the script. Root of the user namespace may mount file systems, and is nobody outside."""

_READ_ONLY = """\
read_only() {  # a bind mount keeps its options for times, and may not change them
    mount -o remount,bind,ro,nosuid,nodev "$1" 2>/dev/null || mount -o remount,bind,ro,nosuid,nodev,noatime "$1"
}"""


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """What a function sees of this machine.

    Attributes:
        root: an empty folder, where the file system is mounted.
        interpreter: the Python.
        emulator: the path of ``aws-lambda-rie``.
        runtime: the folder with the runtime client.
        layer: the folder with the content of the layer.
        task: the folder with the code of the function.
        resolver: the file that says how to resolve the names of hosts; None if there is none.
    """

    root: PurePath
    interpreter: Interpreter
    emulator: PurePath
    runtime: PurePath
    layer: PurePath
    task: PurePath
    resolver: PurePath | None = None

    def script(self, unshare: str, command: Iterable[str], environment: Mapping[str, str]) -> str:
        """The shell script that makes the file system and then becomes a command in it.

        Args:
            unshare: the path of ``unshare``.
            command: the path in the sandbox, and the arguments.
            environment: all environment variables of the command.
        """
        root = shlex.quote(str(self.root))
        options = f"--user --map-user={_USER} --map-group={_GROUP} --root={root} --wd={TASK_FOLDER}"
        variables = " ".join(shlex.quote(f"{name}={value}") for name, value in environment.items())
        return "\n".join(
            [
                "set -eu; umask 022",
                _READ_ONLY,
                f"mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs {root}; cd {root}",
                *self._files(),
                *self._mounts(),
                f"read_only {root}",
                f"exec env -i {variables} {shlex.quote(unshare)} {options} {shlex.join(command)}",
            ]
        )

    def _files(self) -> Iterator[str]:
        """The commands for the files that are copied."""
        python = self.interpreter
        copied = {
            f"{PYTHON_FOLDER}/bin/{python.program.name}": python.executable,
            EMULATOR: self.emulator,
            str(python.loader): python.loader,
            **{f"{LIBRARY_FOLDER}/{name}": path for name, path in sorted(python.libraries.items())},
            **({"/etc/resolv.conf": self.resolver} if self.resolver else {}),
        }
        folders = {*_FOLDERS, f"{PYTHON_FOLDER}/bin", self._modules, str(python.loader.parent)}
        yield f"mkdir -p {' '.join(_inside(folder) for folder in sorted(folders))}"
        for place, path in copied.items():
            yield f"cp -L {shlex.quote(str(path))} {_inside(place)}"
        for place, text in _TEXTS.items():
            yield f"printf %s {shlex.quote(text)} > {_inside(place)}"

    def _mounts(self) -> Iterator[str]:
        """The commands for the folders that are mounted."""
        folders = {
            self._modules: self.interpreter.modules,
            RUNTIME_FOLDER: self.runtime,
            LAYER_FOLDER: self.layer,
            TASK_FOLDER: self.task,
        }
        for place, folder in folders.items():
            yield f"mount --bind {shlex.quote(str(folder))} {_inside(place)}; read_only {_inside(place)}"
        for name in ("site-packages", "dist-packages"):  # what the user has installed there
            hidden = _inside(f"{self._modules}/{name}")
            yield f"if [ -d {hidden} ]; then mount -t tmpfs -o ro,nosuid,nodev tmpfs {hidden}; fi"
        yield f"mount -t tmpfs -o mode=1777,size={_TEMPORARY_SIZE},nosuid,nodev tmpfs tmp"
        for device in _DEVICES:
            yield f": > dev/{device}; mount --bind /dev/{device} dev/{device}"
        # Read-only: the kernel lets the user that is root outside write to /proc/sys, also in a user namespace.
        yield "mount -t proc -o ro,nosuid,nodev,noexec proc proc"

    @property
    def _modules(self) -> str:
        """The folder of the standard library in the sandbox."""
        return f"{PYTHON_FOLDER}/{self.interpreter.modules.relative_to(self.interpreter.prefix)}"


def _inside(path: str) -> str:
    """The path of something in the sandbox for commands in its root folder, for a shell."""
    return shlex.quote(path.lstrip("/"))


def variables_of(target: Target, handler: str, timeout: int) -> dict[str, str]:
    """The environment variables of a function, as far as the emulator does not set them.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime

    Args:
        target: the runtime.
        handler: the handler: ``module.function``.
        timeout: seconds that an invocation may take.
    """
    modules = f"{LAYER_FOLDER}/python/lib/{target.runtime}/site-packages"
    return {
        "_HANDLER": handler,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{target.runtime}",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
        "AWS_REGION": "us-east-1",
        "LAMBDA_RUNTIME_DIR": RUNTIME_FOLDER,
        "LAMBDA_TASK_ROOT": TASK_FOLDER,
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": f"{PYTHON_FOLDER}/lib:{LIBRARY_FOLDER}:/usr/lib64:{RUNTIME_FOLDER}:{RUNTIME_FOLDER}/lib:"
        f"{TASK_FOLDER}:{TASK_FOLDER}/lib:{LAYER_FOLDER}/lib",
        "PATH": f"{PYTHON_FOLDER}/bin:/usr/local/bin:/usr/bin/:/bin:{LAYER_FOLDER}/bin",
        "PYTHONPATH": f"{modules}:{LAYER_FOLDER}/python:{RUNTIME_FOLDER}",
        "TZ": ":UTC",
    }
