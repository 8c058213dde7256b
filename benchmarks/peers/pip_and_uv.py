"""Scripts with ``pip install -t`` or ``uv pip install --target``: Poetry exports the requirements, and ``zip``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from uv import find_uv_bin

from benchmarks.measure import Command
from benchmarks.peers.installation import poetry, virtual_environment
from benchmarks.peers.peer import Peer, Workplace

GLIBC = ("2_34", "2_28", "2_17")
"""The manylinux versions that pip is to accept for another architecture, for a runtime on Amazon Linux 2023."""


class _Script(Peer):
    def install(self, here: Workplace) -> None:
        poetry(here)

    def layer(self, here: Workplace) -> Path:
        return here.project / "layer.zip"

    def around(self, here: Workplace, install: Command) -> Sequence[Command]:
        """The whole script."""
        return [
            here.command("rm", "-rf", "python", "layer.zip"),
            here.export("requirements.txt"),
            install,
            here.command("zip", "-q", "-r", "layer.zip", "python"),
        ]


class Pip(_Script):
    """``pip install -t``; for another architecture with ``--platform``."""

    name = "`pip install -t`"
    version = "26.3"
    folder = "pip"

    def install(self, here: Workplace) -> None:
        super().install(here)
        virtual_environment(here, "pip", [f"pip=={self.version}"])

    def commands(self, here: Workplace) -> Sequence[Command]:
        pip = (here.tools / "pip" / "bin" / "python", "-m", "pip", "install", "--quiet", "-r", "requirements.txt")
        options: list[str] = []
        if here.architecture == "arm64":
            tags = (f"--platform=manylinux_{glibc}_aarch64" for glibc in GLIBC)
            options = ["--only-binary=:all:", *tags, f"--python-version={here.runtime.removeprefix('python')}"]
        return self.around(here, here.command(*pip, "-t", "python", *options))


class Uv(_Script):
    """``uv pip install --target``; for another architecture with ``--python-platform``."""

    name = "`uv pip install --target`"
    version = version("uv")
    folder = "uv"

    def commands(self, here: Workplace) -> Sequence[Command]:
        uv = (find_uv_bin(), "pip", "install", "--quiet", "--python", here.python, "--target", "python")
        options = ["--python-platform=aarch64-manylinux_2_34"] if here.architecture == "arm64" else []
        return self.around(here, here.command(*uv, *options, "-r", "requirements.txt"))
