"""The archives in which files are copied into a container and out of it."""

from __future__ import annotations

import io
import tarfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import ContainerError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def archive_of(folder: str, contents: Mapping[str, bytes]) -> bytes:
    """A tar archive of files in a folder, to be unpacked at the root of the container."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        directory = tarfile.TarInfo(folder.strip("/"))
        directory.type, directory.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(directory)
        for name, content in contents.items():
            member = tarfile.TarInfo(f"{directory.name}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """The member as a file of root; a filter for :meth:`tarfile.TarFile.add`."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def extract(archive: tarfile.TarFile, target: Path) -> None:
    """Write the regular files in the archive of a folder, without the folder's name, owners and special modes.

    Raises:
        ContainerError: the path of a file is outside of the folder.
    """
    for member in archive:
        if not member.isfile():
            continue  # a link to a file in RECORD is reported as a missing file later
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts:
            raise ContainerError(
                f"the container returned a file outside of the requested folder: {member.name!r}",
                hint="no installed package has such a path: find out what is wrong with the image or the Docker daemon",
            )
        copy = target.joinpath(*path.parts[1:])
        copy.parent.mkdir(parents=True, exist_ok=True)
        content = archive.extractfile(member)
        if content is None:
            continue
        with copy.open("wb") as file:
            while chunk := content.read(1 << 20):
                file.write(chunk)
        copy.chmod(0o755 if member.mode & 0o100 else 0o644)
