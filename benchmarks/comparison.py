"""``python -m benchmarks.comparison``: this package beside the tools that people use now to make a layer.

Each peer installs itself, with pip, npm or git, into a cache folder of its own, and makes the layer of the same
project with the settings that its documentation gives. The table goes to docs/comparison.md. The peers need 1.5 GB.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from platformdirs import user_cache_path

from benchmarks.comparison_page import write_table
from benchmarks.host import find_python, tool_variables
from benchmarks.measure import measure
from benchmarks.peers.artifact_builder import ArtifactBuilder
from benchmarks.peers.cdk import Cdk
from benchmarks.peers.lambda_build import LambdaBuild
from benchmarks.peers.ours import REPOSITORY, Ours
from benchmarks.peers.peer import NotHereError, Peer, Workplace, digest
from benchmarks.peers.pip_and_uv import Pip, Uv
from benchmarks.peers.sam import Sam
from benchmarks.peers.serverless import Serverless
from benchmarks.peers.terraform import Terraform

RUNTIME = "python3.13"
FIXTURE = REPOSITORY / "benchmarks" / "fixtures" / "comparison"
DEV_CHANGE = ('iniconfig = "2.0.0"', 'iniconfig = "2.1.0"')
"""What changes in pyproject.toml; dev_change/poetry.lock belongs to it."""

PAGE = REPOSITORY / "docs" / "comparison.md"
PEERS: tuple[Peer, ...] = (
    Ours(),
    *(Serverless(), LambdaBuild(), Terraform(), Cdk(), Sam(), Pip(), Uv(), ArtifactBuilder()),
)


@dataclass(kw_only=True)
class Found:
    """What was found about one peer.

    Attributes:
        peer: the peer.
        missing: why it was not measured, or "".
        seconds: "cold", "warm" or "again" → seconds, one for each turn.
        size: bytes of the zip.
        reproducible: whether two checkouts give the same bytes.
        imports: whether all modules can be imported on AWS's emulator of Lambda.
        dev_change: whether another version of a development dependency leads to a new layer version.
        native: the machines of the native files in a layer for arm64, or the error.
    """

    peer: Peer
    missing: str = ""
    seconds: dict[str, list[float]] = field(default_factory=lambda: {"cold": [], "warm": [], "again": []})
    size: int = 0
    reproducible: bool = False
    imports: bool = False
    dev_change: bool = False
    native: str = ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table and put it into docs/comparison.md."""
    parser = argparse.ArgumentParser(prog="benchmarks.comparison", description=__doc__)
    parser.add_argument("--peer", action="append", metavar="FOLDER", help="measure only this peer, beside this package")
    parser.add_argument("--rounds", type=int, default=2, help="rounds with warm caches (default: 2)")
    parser.add_argument("--no-report", action="store_true", help="do not change docs/comparison.md")
    options = parser.parse_args(arguments)
    peers = [one for one in PEERS if not options.peer or one.folder in (*options.peer, Ours.folder)]
    with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as temporary:
        places = {one.folder: workplace(one, Path(temporary)) for one in peers}
        found = [install(one, places[one.folder]) for one in peers]
        for number in range(options.rounds + 1):
            for one in found:
                attempt(one, partial(take_turn, one, places[one.peer.folder], cold=number == 0))
        for one in found:
            attempt(one, partial(look_closer, one, places[one.peer.folder]))
    print(write_table(found, RUNTIME, None if options.no_report else PAGE))


def workplace(peer: Peer, temporary: Path) -> Workplace:
    """The place of a peer: its programs stay on this machine, everything else is temporary."""
    tools = (
        user_cache_path("pulumi-poetry-layer", appauthor=False) / "benchmark-peers" / f"{peer.folder}-{peer.version}"
    )
    folder = temporary / peer.folder
    python = find_python(RUNTIME)
    return Workplace(
        project=folder / "project",
        tools=tools,
        home=folder / "home",
        python=python,
        runtime=RUNTIME,
        architecture="x86_64",
        variables=environment(tools, folder / "home", python),
    )


def environment(tools: Path, home: Path, python: Path) -> dict[str, str]:
    """The environment variables of a peer: its own programs, a Python of the runtime, and an empty home folder."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("LC_", "SSL_", "GIT_", "DOCKER_"))}
    path = os.pathsep.join([str(tools / "bin"), str(python.parent), os.environ["PATH"]])
    own = {"HOME": str(home), "PATH": path, "PULUMI_POETRY_LAYER_CACHE_DIR": str(home)}
    return {**kept, **tool_variables(), **own}


def install(peer: Peer, here: Workplace) -> Found:
    """Install a peer, or find out why that is impossible."""
    say(f"install {peer.name} {peer.version}")
    try:
        peer.install(here)
    except NotHereError as error:
        say(f"  not measured: {error}")
        return Found(peer=peer, missing=str(error))
    return Found(peer=peer)


def attempt(found: Found, step: Callable[[], None]) -> None:
    """Let a peer do something, unless it has failed before. A failure is reported, and the others go on."""
    if found.missing:
        return
    try:
        step()
    except RuntimeError as error:
        say(str(error))
        found.missing = f"it fails: {str(error).strip().splitlines()[-1][:100]}"


def check_out(peer: Peer, here: Workplace) -> None:
    """Make a fresh checkout of the project, with the peer's settings."""
    shutil.rmtree(here.project.parent / "infrastructure", ignore_errors=True)
    shutil.rmtree(here.project, ignore_errors=True)
    shutil.copytree(FIXTURE / "project", here.project, copy_function=shutil.copy)
    peer.configure(here)


def build(found: Found, here: Workplace, kind: str = "") -> None:
    """Let a peer make the layer, and note the time."""
    seconds = measure(found.peer.commands(here)).seconds
    say(f"{kind or 'look':5} {seconds:7.2f} s  {found.peer.name}")
    if kind:
        found.seconds[kind].append(seconds)


def take_turn(found: Found, here: Workplace, *, cold: bool) -> None:
    """Make the layer in a fresh checkout, and then again, without any change."""
    if cold:
        shutil.rmtree(here.home, ignore_errors=True)
    here.home.mkdir(parents=True, exist_ok=True)
    check_out(found.peer, here)
    build(found, here, "cold" if cold else "warm")
    if not cold:
        build(found, here, "again")


def look_closer(found: Found, here: Workplace) -> None:
    """Look at the layer: its size, whether it is reproducible and complete, and when another one is published."""
    peer, layer = found.peer, found.peer.layer(here)
    zipped = layer if layer.is_file() else zip_folder(layer, here.project.parent / "layer.zip")
    found.size = zipped.stat().st_size
    found.imports = can_be_imported(zipped)
    before = digest(layer)
    shutil.rmtree(here.home)  # another machine
    here.home.mkdir()
    check_out(peer, here)
    build(found, here)
    found.reproducible = digest(peer.layer(here)) == before
    found.dev_change = changes_with_dev(found, here)
    found.native = "" if peer.needs_emulation else native_files(found, replace(here, architecture="arm64"))


def changes_with_dev(found: Found, here: Workplace) -> bool:
    """Whether the next deployment publishes another layer version if only the development group has changed."""
    before = found.peer.key(here)
    shutil.copy(FIXTURE / "dev_change" / "poetry.lock", here.project)
    pyproject = here.project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace(*DEV_CHANGE))
    build(found, here)
    return found.peer.key(here) != before


def native_files(found: Found, here: Workplace) -> str:
    """The machines of the native files in a layer for another architecture, or "error" with what the peer says."""
    check_out(found.peer, here)
    try:
        build(found, here)
    except RuntimeError as error:
        return f"error: {str(error).strip().splitlines()[-1][:100]}"
    layer = found.peer.layer(here)
    with tempfile.TemporaryDirectory() as temporary:
        if layer.is_file():
            zipfile.ZipFile(layer).extractall(temporary)
            layer = Path(temporary)
        return ", ".join(sorted({machine for path in layer.rglob("*.so*") if (machine := machine_of(path))}))


def machine_of(path: Path) -> str:
    """The machine of a native file, or ""."""
    try:
        with path.open("rb") as file:
            return str(ELFFile(file).get_machine_arch())
    except (OSError, ELFError):
        return ""


def can_be_imported(layer: Path) -> bool:
    """Whether all modules can be imported on AWS's emulator of Lambda."""
    command = [sys.executable, "-m", "pulumi_poetry_layer", "verify", str(layer), "--runtime", RUNTIME, "--import"]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if ended.returncode:
        say(ended.stdout + ended.stderr)
    return ended.returncode == 0


def zip_folder(folder: Path, output: Path) -> Path:
    """Zip a folder, as a deployment does."""
    output.unlink(missing_ok=True)
    return Path(shutil.make_archive(str(output.with_suffix("")), "zip", folder))


def say(text: str) -> None:
    """Report progress."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
