"""Adds compiled modules to the files of a layer."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deflate import deflate_compress

from pulumi_poetry_layer.archive.checksums import crc32
from pulumi_poetry_layer.archive.layout import MOUNT_POINT
from pulumi_poetry_layer.archive.members import BytesContent, Member, Stream, content_blocks, content_bytes
from pulumi_poetry_layer.archive.record import (
    RecordEntry,
    entry_for,
    entry_of,
    format_record,
    is_record,
    parse_record,
    record_path,
)
from pulumi_poetry_layer.archive.zip_format import DEFLATED, STORED
from pulumi_poetry_layer.bytecode.release_file import RELEASE_FILE, release_text
from pulumi_poetry_layer.bytecode.rules import LARGEST_SOURCE, compiled_name, sources_of
from pulumi_poetry_layer.errors import VerificationError
from pulumi_poetry_layer.host.progress import doing
from pulumi_poetry_layer.wording import argument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import IO

    from pulumi_poetry_layer.bytecode.compiler import Compiler

_LEVEL = 6
_SMALL_SHARE = 1 << 17  # bytes of sources; compiling less takes no longer than starting another process


@dataclass(frozen=True)
class _Compiled:
    content: Stream
    row: RecordEntry
    name: str


def add_bytecode(
    members: Iterable[Member], compiler: Compiler, python_version: tuple[int, int], folder: Path
) -> list[Member]:
    """Compile the modules of distributions, and add the result to their files and to their RECORD.

    A module that is not valid is left out. The compiled modules are compressed with libdeflate, because that gives the
    same bytes on every machine; zlib has several implementations.

    Args:
        members: all files of the distributions.
        compiler: the Python that compiles.
        python_version: the Python of the target, whose version the compiler has.
        folder: an empty folder; the result refers to files in it.

    Raises:
        BuildError: the compiler failed.
    """
    files: dict[str, dict[str, Member]] = defaultdict(dict)
    for member in members:
        files[member.distribution][member.name] = member
    sources = [own[name] for own in files.values() for name in sources_of(own)]
    if not sources:
        return [member for own in files.values() for member in own.values()]
    compiled = defaultdict(list)
    for source, found in zip(sources, _compile(sources, compiler, python_version, folder), strict=True):
        if found:
            compiled[source.distribution].append(found)
    return [member for name, own in files.items() for member in _with_modules(own, compiled[name], compiler.release)]


def _with_modules(files: dict[str, Member], compiled: Sequence[_Compiled], release: str) -> Iterator[Member]:
    """The files of a distribution with the compiled modules."""
    if not compiled:
        yield from files.values()
        return
    record = next((name for name in files if is_record(name)), None)
    if record is None:
        raise VerificationError(
            "has no RECORD, so its compiled modules cannot be listed",
            where=next(iter(files.values())).distribution,
            hint=f"lock another version of it, or build without {argument('bytecode')}",
        )
    old, note = files.pop(record), BytesContent(release_text(release))
    note_name = f"{record.removesuffix('RECORD')}{RELEASE_FILE}"
    files.pop(note_name, None)
    own = [entry_for(record_path(note_name), note.data), *(module.row for module in compiled)]
    rows = {row.path: row for row in [*parse_record(content_bytes(old.content).decode()), *own]}.values()
    yield from files.values()
    yield Member(note_name, old.distribution, note)
    yield Member(record, old.distribution, BytesContent(format_record(rows)))
    for module in compiled:
        yield Member(module.name, old.distribution, module.content)


def _compile(
    sources: Sequence[Member], compiler: Compiler, python_version: tuple[int, int], folder: Path
) -> Iterator[_Compiled | None]:
    """Compile sources in parallel. For each one the compiled module; None if it is not valid."""
    size = _write_sources(sources, folder)
    doing(f"compiling {len(sources)} modules with Python {compiler.release}")
    shares = max(1, min(compiler.processors, size // _SMALL_SHARE, len(sources)))
    compiler.run(folder, [(str(share), str(shares)) for share in range(shares)])
    lengths = [iter(json.loads((folder / f"compiled-{share}.json").read_text())) for share in range(shares)]
    files = [(folder / f"compiled-{share}").open("rb") for share in range(shares)]
    packed = folder / "packed"
    try:
        with packed.open("wb") as output:
            for index, source in enumerate(sources):
                share = index % shares
                data = files[share].read(next(lengths[share]))
                yield _packed(compiled_name(source.name, python_version), data, output, packed) if data else None
    finally:
        for file in files:
            file.close()


def _write_sources(sources: Sequence[Member], folder: Path) -> int:
    """Write the sources for the compiler, and return their size. One that is too large is written as invalid."""
    listed, size = [], 0
    with (folder / "sources").open("wb") as output:
        for source in sources:
            length = 0
            for block in content_blocks(source.content):
                length += output.write(block)
            if length > LARGEST_SOURCE:
                output.seek(size)
                length = output.write(b"\0")
                output.truncate()
            listed.append((length, f"{MOUNT_POINT}{source.name}"))
            size += length
    (folder / "sources.json").write_text(json.dumps(listed), encoding="utf-8")
    return size


def _packed(name: str, data: bytes, output: IO[bytes], path: Path) -> _Compiled:
    """Compress a compiled module into a file."""
    compressed = bytes(deflate_compress(data, _LEVEL))
    method, stored = (DEFLATED, compressed) if len(compressed) < len(data) else (STORED, data)
    content = Stream(path, output.tell(), len(stored), len(data), crc32(data), method)
    output.write(stored)
    row = entry_of(record_path(name), hashlib.sha256(data).digest(), len(data))
    return _Compiled(content, row, name)
