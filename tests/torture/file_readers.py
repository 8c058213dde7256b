"""Random changes to files: wheels, segments of the cache, notes and zips beside a program, and pages of an index."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from random import Random

import requests
from samples import PROJECT, Package, lock_text
from samples.elf import elf
from samples.index import Index
from samples.wheels import WheelSample

from pulumi_poetry_layer.archive.writer import write_archive
from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.errors import ArchiveError, DamagedSegmentError
from pulumi_poetry_layer.index.access import PackageIndex
from pulumi_poetry_layer.index.pages import PageError, find_file
from pulumi_poetry_layer.index.sources import Address, PackageSource
from pulumi_poetry_layer.inspection.page import PageLayer, page_of
from pulumi_poetry_layer.layer.inspection import inspect_layer
from pulumi_poetry_layer.layer.request import LayerRequest
from pulumi_poetry_layer.layer.zip_store import ensure_artifact, is_intact, note_of
from pulumi_poetry_layer.size.wheel_directory import TruncatedDirectoryError, read_directory
from pulumi_poetry_layer.wheels.cache import WheelCache
from pulumi_poetry_layer.wheels.native import needs_of
from pulumi_poetry_layer.wheels.reader import read_wheel
from torture.layers import check_layer
from torture.mutation import TEXTS, mutated_bytes, mutated_document, mutated_text

_ZIP_TOKENS = (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"\xff" * 8, b"\0" * 8)
_LIBRARY = elf("x86_64", "GLIBC_2.2.5", "GLIBC_2.17")
_FILES = {
    "app/__init__.py": b"answer = 42\n" * 50,
    "app/data.txt": b"text",
    "app/native.so": _LIBRARY,
    "app-1.0.data/scripts/run": b"#!python\nprint()\n",
    "app-1.0.data/data/lib/libx.so": _LIBRARY,
    "app-1.0.data/data/share/x": b"x",
    "app-1.0.data/purelib/app/more.py": b"",
}
_TAGS = ("py3-none-any", "cp312-cp312-linux_x86_64", "cp312-cp312-manylinux_2_17_x86_64")
_NAMES = ("../x", "/x", "a/../../x", "a\\x", "C:/x", "a//x", "./x", "a\nb", "a\x1bb", "a", "app", "app-1.0.dist-info/x")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


class WheelTrial:
    """Reads a changed wheel into a cache, and puts it into a layer.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._wheel, self._layer = folder / "wheel", folder / "layer.zip"
        self._cache = folder / "cache"
        self._sound = WheelSample(files=_FILES).data()

    def __call__(self, _: int, random: Random) -> str:
        tag = random.choice(_TAGS)
        self._wheel.write_bytes(self._changed(random, tag))
        shutil.rmtree(self._cache, ignore_errors=True)
        cache = WheelCache(self._cache)
        rewrite = random.random() < 0.2
        wheel = read_wheel(self._wheel, file_name=f"app-1.0-{tag}.whl", rewrite=rewrite)
        cache.add("key", wheel)
        found = cache.find("key", "app")
        assert found is not None, "it was added, but is not in the cache"
        write_archive([found.segment], self._layer)
        check_layer(self._layer)
        return "in a layer"

    def _changed(self, random: Random, tag: str) -> bytes:
        kind = random.randrange(3)
        if kind == 0:
            return mutated_bytes(self._sound, random, _ZIP_TOKENS)
        if kind == 1:  # only in the directory
            start = self._sound.index(b"PK\x01\x02")
            return self._sound[:start] + mutated_bytes(self._sound[start:], random, _ZIP_TOKENS)
        return self._odd_wheel(random, tag)

    @staticmethod
    def _odd_wheel(random: Random, tag: str) -> bytes:
        """A zip that is in order, with odd files."""
        files = dict(random.sample(list(_FILES.items()), random.randrange(len(_FILES) + 1)))
        sample = WheelSample(files=files, tag=tag, methods=dict.fromkeys(files, random.choice(_METHODS)))
        contents = list(sample.contents().items())
        for _ in range(random.choice((1, 1, 2))):
            place = random.randrange(len(contents))
            name, data = contents[place]
            kind = random.randrange(4)
            if kind == 0:
                contents[place] = (name, mutated_bytes(data, random, [text.encode() for text in TEXTS]))
            elif kind == 1:
                contents.append((random.choice([*_NAMES, mutated_text(name, random), name]), data))
            elif kind == 2:
                contents[place] = (mutated_text(name, random), data)
            else:
                del contents[place]
            if not contents:
                break
        return _zip(contents, random)


def _zip(contents: list[tuple[str, bytes]], random: Random) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in contents:
            info = zipfile.ZipInfo("x")
            info.filename = name[:60_000]
            mode = random.choice((0o100644, 0o100644, 0o100644, 0o100755, 0o120777, 0o40755, 0))
            info.external_attr = mode << 16
            info.compress_type = random.choice(_METHODS)
            archive.writestr(info, data)
    return buffer.getvalue()


class SegmentTrial:
    """Reads a changed segment. It is either noticed, or gives the same layer.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._cache, self._layer = WheelCache(folder / "cache"), folder / "layer.zip"
        wheel = folder / "wheel"
        wheel.write_bytes(WheelSample(files=_FILES).data())
        self._cache.add("key", read_wheel(wheel, file_name="app-1.0-py3-none-any.whl"))
        (self._path,) = (path for path in (folder / "cache").rglob("sha256-*") if path.is_file())
        self._sound = self._path.read_bytes()
        self._sha256 = self._write()

    def _write(self) -> str:
        found = self._cache.find("key", "app")
        if found is None:
            return ""
        return write_archive([found.segment], self._layer).sha256

    def __call__(self, _: int, random: Random) -> str:
        data = mutated_bytes(self._sound, random, (*_ZIP_TOKENS, b'{"', b'"size":', b"\0"))
        self._path.write_bytes(data)
        try:
            sha256 = self._write()
        except DamagedSegmentError:
            return "noticed while it was copied"
        if not sha256:
            assert not self._path.exists(), "the damaged file is still there"
            return "noticed and removed"
        assert sha256 == self._sha256, "another layer"
        return "the same layer"


class NoteTrial:
    """Changes a zip beside a program, or its note. The zip is then built again.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        project, cache, wheel = folder / "project", folder / "cache", WheelSample()
        project.mkdir()
        lock = lock_text(PROJECT, [Package(name="app", files=(wheel.file_name,))])
        made_up = Package(name="app", files=(wheel.file_name,)).table()["files"][0]["hash"]
        (project / "pyproject.toml").write_text(PROJECT)
        (project / "poetry.lock").write_text(lock.replace(made_up, wheel.hash))
        (folder / "wheel").write_bytes(wheel.data())
        WheelCache(cache).add(wheel.hash, read_wheel(folder / "wheel", file_name=wheel.file_name))
        builder = WheelBuilder(cache_dir=str(cache))
        self._request = LayerRequest(project_dir=project, runtime="python3.12", builder=builder)
        self._zip = folder / ".poetry-layer" / "dev" / "deps.zip"
        self._fingerprint = plan_fingerprint(self._request)
        self._sha256 = self._ensure()
        self._sound = {path: path.read_bytes() for path in (self._zip, note_of(self._zip))}

    def _ensure(self) -> str:
        artifact = ensure_artifact(self._request, self._zip, fingerprint=self._fingerprint, owner="me")
        assert artifact.path == self._zip
        return artifact.sha256

    def __call__(self, _: int, random: Random) -> str:
        for path, data in self._sound.items():
            path.write_bytes(data)
        path, data = random.choice(list(self._sound.items()))
        if path == self._zip:
            changed = mutated_bytes(data, random, _ZIP_TOKENS)
        elif random.random() < 0.5:
            changed = mutated_bytes(data, random, [text.encode() for text in TEXTS])
        else:
            changed = json.dumps(mutated_document(json.loads(data), random)).encode()
        path.write_bytes(changed)
        intact = is_intact(self._zip)
        assert self._ensure() == self._sha256, "another layer"
        check_layer(self._zip, self._sha256)
        return "kept" if intact else "built again"


def plan_fingerprint(request: LayerRequest) -> str:
    """The fingerprint of a request."""
    from pulumi_poetry_layer.layer.planning import plan_request

    return plan_request(request)[0].fingerprint


class PageTrial:
    """Looks for a file on a changed page of an index."""

    _NAME = "app-1.0-py3-none-any.whl"

    def __init__(self) -> None:
        files = {self._NAME: b"x", "app-1.0.tar.gz": b"y", "app-2.0-py3-none-any.whl": b"z"}
        pages = (Index(files=files, html=html, sizes=True).page("app") for html in (True, False))
        self._pages = [page for page in pages if page]

    def __call__(self, _: int, random: Random) -> str:
        kind, body = random.choice(self._pages)
        if "json" in kind and random.random() < 0.6:
            body = json.dumps(mutated_document(json.loads(body), random)).encode()
        else:
            tokens = [
                text.encode() for text in (*TEXTS, "<a href=", "<!--", "<![CDATA[", "&#x110000;", "<base href=", "</a>")
            ]
            body = mutated_bytes(body, random, tokens)
        if random.random() < 0.1:
            kind = random.choice(
                ("", "text/html; charset=utf-7", "text/html; charset=x", "image/png", "text/html; charset=utf-16")
            )
        answer = requests.Response()
        answer.url = "https://index.invalid/simple/app/"
        answer.headers["Content-Type"] = kind
        answer.encoding = requests.utils.get_encoding_from_headers(answer.headers)
        try:
            found = find_file(answer, body, self._NAME)
        except PageError:
            return "refused"
        if found is None:
            return "not listed"
        Address.of(found.url)
        PackageIndex(PackageSource("own", Address("https://index.invalid/simple/"))).login_for(found.url)
        return "found"


class LayerTrial:
    """Lists what is in a changed layer zip.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._zip = folder / "layer.zip"
        (folder / "wheel").write_bytes(WheelSample(files=_FILES).data())
        wheel = read_wheel(folder / "wheel", file_name="app-1.0-py3-none-any.whl")
        write_archive(wheel.members, self._zip)
        self._sound = self._zip.read_bytes()

    def __call__(self, _: int, random: Random) -> str:
        self._zip.write_bytes(mutated_bytes(self._sound, random, _ZIP_TOKENS))
        try:
            layer = inspect_layer(self._zip)
        except ArchiveError:
            return "refused"
        layer.document()
        page_layer = PageLayer(layer.path.name, layer.sha256, layer.size, layer.contents, layer.fits, layer.doubts)
        page_of(page_layer, page_layer)
        return "listed"


class EndTrial:
    """Reads the size of a changed wheel from its last bytes, and the needs of a changed library."""

    def __init__(self) -> None:
        self._wheel = WheelSample(files=_FILES).data()

    def __call__(self, _: int, random: Random) -> str:
        needs_of(io.BytesIO(mutated_bytes(_LIBRARY, random)))
        data = mutated_bytes(self._wheel, random, _ZIP_TOKENS)
        try:
            read_directory(data[-random.randrange(1, len(data) + 1) :], len(data) + random.choice((0, 0, 1, -1, 10**9)))
        except (TruncatedDirectoryError, zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            return "refused"
        return "read"
