"""Searches for a secret in files, archives, the Docker daemon and the arguments of programs."""

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
    """Whether a form of a secret is in the data, or in a file in it if the data is a zip or .tar.gz archive."""
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
    """The files in these folders that contain a secret, or have it in their names."""
    found = []
    for path in (path for folder in folders for path in folder.rglob("*")):
        in_name = any(form in str(path).encode() for form in forms)
        with suppress(OSError):  # the file was removed in the meantime, or is a socket
            if in_name or (path.is_file() and not path.is_symlink() and traces_in(path.read_bytes(), forms)):
                found.append(str(path))
    return found


def traces_in_docker(client: docker.DockerClient, forms: Sequence[bytes]) -> list[str]:
    """The images (with all layers), containers, and files in the cache volume that contain a secret."""
    found = []
    for image in client.images.list(REPOSITORY):
        metadata = repr((image.attrs, image.history()))
        if any(form.decode() in metadata for form in forms) or _in_stream(image.save(), forms):
            found.append(f"image {image.tags}")
    for container in client.containers.list(all=True, filters={"label": LABEL}):
        if any(form.decode() in repr(container.attrs) for form in forms):
            found.append(f"container {container.name}")
    volume = Path(client.volumes.get(CACHE_VOLUME).attrs["Mountpoint"])
    return found + traces_on_disk([volume], forms)


def _in_stream(chunks: Iterable[bytes], forms: Sequence[bytes]) -> bool:
    """Whether a secret is in the stream of a saved image, in which the layers are not compressed."""
    longest, rest = max(map(len, forms)), b""
    for chunk in chunks:
        rest += chunk
        if any(form in rest for form in forms):
            return True
        rest = rest[-longest:]
    return False


def descendants(process: int) -> list[int]:
    """IDs of all processes that a process has started, directly and indirectly."""
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
    """Records the arguments of all processes on this machine, also in containers. Use it as a context manager.

    Attributes:
        seen: the recorded commands.
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
        """The commands with a secret in their arguments."""
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
    """Run a command in the background. Its output is written to a file."""
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
