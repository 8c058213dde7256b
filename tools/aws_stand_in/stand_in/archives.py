"""Assets and archives, handled in the same way as in Pulumi's Terraform bridge.

The bridge does not give the path in a program to Terraform. It copies the file to
``<temp folder>/pulumi-asset-<hash>`` and gives Terraform the copy. This matters if the hash is not computed by the
engine, and the tests check all of it:

- If there is a copy with more than 0 bytes, the bridge uses it. It does not read the path, which need not exist.
- If there is a copy with 0 bytes, the bridge reads the path again.
- If there is no copy with more than 0 bytes, a path that does not exist is an error.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any, TypeGuard

from stand_in.host import Host
from stand_in.values import Props, StandInError

SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
ASSET_SIGNATURE = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE_SIGNATURE = "0def7320c3a5731c473e5ecbe6d01bc7"
_CONTENT_KEYS = ("text", "path", "uri", "assets")
_ZIP_SUFFIXES = (".zip", ".jar")


def is_content(value: object) -> TypeGuard[Props]:
    """Whether a property value is an asset or an archive."""
    return isinstance(value, dict) and value.get(SIGNATURE_KEY) in (ASSET_SIGNATURE, ARCHIVE_SIGNATURE)


def content_hash(value: Props) -> str:
    """Return the hash of the content. A diff only compares this hash."""
    return str(value.get("hash", ""))


def materialize(value: Props, host: Host) -> Path:
    """Return the copy that Terraform would get for an asset or archive. The copy is made if necessary.

    Raises:
        StandInError: There is no usable copy, and the content cannot be read.
    """
    digest = content_hash(value)
    copy = host.temporary / f"pulumi-asset-{digest}" if digest else None
    if copy is not None and (_is_usable(copy) or not any(value.get(key) is not None for key in _CONTENT_KEYS)):
        return copy
    temporary = _write_temporary(value, host)
    return temporary.replace(copy) if copy is not None else temporary


def _is_usable(copy: Path) -> bool:
    return copy.is_file() and copy.stat().st_size > 0


def _write_temporary(value: Props, host: Host) -> Path:
    handle, name = tempfile.mkstemp(prefix="pulumi-temp-asset", dir=host.temporary)
    os.close(handle)
    temporary = Path(name)
    try:
        if value[SIGNATURE_KEY] == ARCHIVE_SIGNATURE:
            _write_archive(value, temporary, host)
        else:
            temporary.write_bytes(_asset_bytes(value, host))
    except OSError as error:
        temporary.unlink()
        raise StandInError(f"failed to read asset or archive: {error}") from error
    return temporary


def _asset_bytes(asset: Props, host: Host) -> bytes:
    if asset.get("path"):
        return host.path(asset["path"]).read_bytes()
    if asset.get("uri"):
        raise StandInError(f"the stand-in aws plugin does not support remote assets: {asset['uri']}")
    return str(asset.get("text", "")).encode()


def _write_archive(archive: Props, target: Path, host: Host) -> None:
    path = host.path(archive["path"]) if archive.get("path") else None
    if path is not None and not path.is_dir():
        if path.suffix not in _ZIP_SUFFIXES:
            raise StandInError(f"the stand-in aws plugin only supports folders and .zip files as archives, not {path}")
        shutil.copyfile(path, target)
        return
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        _add_members(bundle, "", archive, host)


def _add_members(bundle: zipfile.ZipFile, prefix: str, archive: Props, host: Host) -> None:
    if archive.get("path"):
        _add_folder(bundle, prefix, host.path(archive["path"]))
        return
    if archive.get("uri"):
        raise StandInError(f"the stand-in aws plugin does not support remote archives: {archive['uri']}")
    members: dict[str, Any] = archive.get("assets") or {}
    for name, member in sorted(members.items()):
        if member.get(SIGNATURE_KEY) == ARCHIVE_SIGNATURE:
            _add_members(bundle, f"{prefix}{name}/", member, host)
        else:
            bundle.writestr(f"{prefix}{name}", _asset_bytes(member, host))


def _add_folder(bundle: zipfile.ZipFile, prefix: str, folder: Path) -> None:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            bundle.write(file, prefix + file.relative_to(folder).as_posix())
