"""Properties of the expected size of a layer whose wheels are all in the cache."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from samples import PROJECT, Package, lock_text, plan
from samples.wheels import WheelSample

from pulumi_poetry_layer.archive.writer import write_archive
from pulumi_poetry_layer.size.expected import expect_size
from pulumi_poetry_layer.wheels.cache import WheelCache, cache_key
from pulumi_poetry_layer.wheels.reader import read_wheel

NAMES = ("app", "lib", "more")
SHARED = [f"shared/{name}" for name in ("__init__.py", "a.py", "b.py", "é.py", "long" * 20)]

wheel_files = st.dictionaries(st.sampled_from(SHARED), st.sampled_from([b"# same" * 40, b"other = 1\n", b""]))
"""Files that several wheels contain, with the same content or with different ones."""


class NoIndex:
    """Fails if it is used: the cache contains all wheels."""

    def sizes(self, packages: object) -> dict[str, object]:
        raise AssertionError(f"sizes of {packages} were requested")


@given(st.lists(wheel_files, min_size=1, max_size=len(NAMES)), st.binary(max_size=2000))
def test_expected_size_is_the_size_of_the_written_archive(shared: list[dict[str, bytes]], own: bytes) -> None:
    """A preview would refuse a layer that AWS accepts, or accept one that AWS refuses."""
    samples = [
        WheelSample(name=name, files={**files, f"{name}/data": own}) for name, files in zip(NAMES, shared, strict=False)
    ]
    first, *others = (Package(name=sample.name) for sample in samples)
    first = Package(name=first.name, dependencies={other.name: "*" for other in others})
    layer = plan(PROJECT, lock_text(PROJECT, [first, *others]))
    with tempfile.TemporaryDirectory() as folder:
        cache = WheelCache(Path(folder) / "cache")
        for package, sample in zip(layer.packages, samples, strict=True):
            path = Path(folder) / "wheel"
            path.write_bytes(sample.data())
            cache.add(cache_key(package), read_wheel(path, file_name=sample.file_name))

        expected = expect_size(layer, cache, NoIndex())  # type: ignore[arg-type]

        wheels = [cache.find(cache_key(package), package.name) for package in layer.packages]
        written = write_archive([wheel.segment for wheel in wheels if wheel], Path(folder) / "layer.zip")
        assert expected.exact
        assert (expected.known.size, expected.known.unzipped_size) == (written.size, written.unzipped_size)
        assert written.size == (Path(folder) / "layer.zip").stat().st_size
