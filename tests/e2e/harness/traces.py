"""Looks for a secret everywhere it could have been left: files, archives, the Docker daemon, arguments of programs."""

from __future__ import annotations

import io
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

import docker

from pulumi_poetry_layer.builders.container.container import CACHE_VOLUME
from pulumi_poetry_layer.builders.container.daemon import LABEL
from pulumi_poetry_layer.builders.container.image import REPOSITORY


def traces_in(data: bytes, forms: Sequence[bytes]) -> bool:
    """Whether a secret is in some bytes, or in what they hold as a zip or tar archive, compressed or not."""
    if any(form in data for form in forms):
        return True
    if data[:4] == b"PK\x03\x04":
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(traces_in(archive.read(name), forms) for name in archive.namelist())
    if data[:2] == b"\x1f\x8b":
        with suppress(tarfile.TarError, EOFError, OSError), tarfile.open(fileobj=io.BytesIO(data)) as tar:
            return any(form in (tar.extractfile(member) or io.BytesIO()).read() for member in tar for form in forms)
    return False


def traces_on_disk(folders: Iterable[Path], forms: Sequence[bytes]) -> list[str]:
    """Files in some folders that hold a secret, or have it in their names."""
    found = []
    for path in (path for folder in folders for path in folder.rglob("*")):
        named = any(form in str(path).encode() for form in forms)
        with suppress(OSError):  # gone in the meantime, or a socket
            if named or (path.is_file() and not path.is_symlink() and traces_in(path.read_bytes(), forms)):
                found.append(str(path))
    return found


def traces_in_docker(client: docker.DockerClient, forms: Sequence[bytes]) -> list[str]:
    """Images with all their layers, containers, and files of the cache that hold a secret."""
    found = []
    for image in client.images.list(REPOSITORY):
        told = repr((image.attrs, image.history()))
        if any(form.decode() in told for form in forms) or _in_stream(image.save(), forms):
            found.append(f"image {image.tags}")
    for container in client.containers.list(all=True, filters={"label": LABEL}):
        if any(form.decode() in repr(container.attrs) for form in forms):
            found.append(f"container {container.name}")
    volume = Path(client.volumes.get(CACHE_VOLUME).attrs["Mountpoint"])
    return found + traces_on_disk([volume], forms)


def _in_stream(chunks: Iterable[bytes], forms: Sequence[bytes]) -> bool:
    """Whether a secret is in a stream: an image's layers lie in it as they are."""
    longest, rest = max(map(len, forms)), b""
    for chunk in chunks:
        rest += chunk
        if any(form in rest for form in forms):
            return True
        rest = rest[-longest:]
    return False


def descendants(process: int) -> list[int]:
    """Ids of all processes that a process started, and of those that they did."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found = list(children.get(process, []))
    for child in found:
        found.extend(children.get(child, []))
    return found


class Arguments:
    """Watches the arguments of all processes of this machine, also of those in containers, while it is open.

    Attributes:
        seen: the commands that were seen.
    """

    def __init__(self) -> None:
        self.seen: set[bytes] = set()

    def __enter__(self) -> Arguments:
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._done.set()
        self._thread.join()

    def traces(self, forms: Sequence[bytes]) -> list[bytes]:
        """Commands that had a secret among their arguments."""
        return [command for command in self.seen if any(form in command for form in forms)]

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    self.seen.add(process.read_bytes())


@contextmanager
def running(
    command: Sequence[str], *, cwd: Path, env: dict[str, str], output: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs in the background, its output in a file."""
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
