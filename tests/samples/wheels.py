"""Sample wheels, valid and invalid, for tests."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ELF_START = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\xb7\x00"
"""The first bytes of a shared library for aarch64."""


def record_hash(data: bytes, algorithm: str = "sha256") -> str:
    """A hash in the form of RECORD."""
    digest = base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest()).rstrip(b"=").decode()
    return f"{algorithm}={digest}"


@dataclass(frozen=True, kw_only=True)
class WheelSample:
    """A wheel.

    Attributes:
        files: path in the wheel → content, without the .dist-info folder.
        dist_info: name → content of additional files in the .dist-info folder.
        executable: paths with the executable bit.
        methods: path → compression method; deflate for all others.
        record: path → row of RECORD instead of the correct one; None leaves the row out.
        extra: members that RECORD does not list, as zip headers and contents.
        wheel_version: version of the wheel format in the WHEEL file.
    """

    name: str = "app"
    version: str = "1.0"
    tag: str = "py3-none-any"
    files: Mapping[str, bytes] = field(default_factory=lambda: {"app/__init__.py": b"answer = 42\n" * 50})
    dist_info: Mapping[str, bytes] = field(default_factory=dict)
    executable: Sequence[str] = ()
    methods: Mapping[str, int] = field(default_factory=dict)
    record: Mapping[str, str | None] = field(default_factory=dict)
    extra: Sequence[tuple[zipfile.ZipInfo, bytes]] = ()
    wheel_version: str = "1.0"

    @property
    def stem(self) -> str:
        """The beginning of the names of the .dist-info and .data folders."""
        return f"{self.name.replace('-', '_')}-{self.version}"

    @property
    def file_name(self) -> str:
        """The file name of the wheel."""
        return f"{self.stem}-{self.tag}.whl"

    @property
    def hash(self) -> str:
        """The hash of the wheel in the form of a lock file."""
        return f"sha256:{hashlib.sha256(self.data()).hexdigest()}"

    def contents(self) -> dict[str, bytes]:
        """Path → content of all members; RECORD is the last."""
        metadata = f"Metadata-Version: 2.1\nName: {self.name}\nVersion: {self.version}\n"
        wheel = f"Wheel-Version: {self.wheel_version}\nRoot-Is-Purelib: true\nTag: {self.tag}\n"
        dist_info = {"METADATA": metadata.encode(), "WHEEL": wheel.encode(), **self.dist_info}
        members = {**self.files, **{f"{self.stem}.dist-info/{name}": data for name, data in dist_info.items()}}
        record = f"{self.stem}.dist-info/RECORD"
        rows = {path: f"{path},{record_hash(data)},{len(data)}" for path, data in members.items()}
        rows[record] = f"{record},,"
        written_rows = {**rows, **self.record}
        return {**members, record: "".join(f"{row}\n" for row in written_rows.values() if row is not None).encode()}

    def data(self) -> bytes:
        """The bytes of the wheel."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, data in self.contents().items():
                info = zipfile.ZipInfo(path, (2020, 2, 2, 2, 2, 2))
                info.external_attr = (0o100755 if path in self.executable else 0o100644) << 16
                archive.writestr(info, data, self.methods.get(path, zipfile.ZIP_DEFLATED))
            for info, data in self.extra:
                archive.writestr(info, data)
        return buffer.getvalue()
