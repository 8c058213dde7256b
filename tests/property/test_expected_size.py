"""For all wheels in the cache: the expected size of a layer is that of the archive that is then written."""

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
CONTENTS = {f"shared/{name}": name.encode() * 40 for name in ("__init__.py", "a.py", "b.py", "é.py", "long" * 20)}

wheel_files = st.sets(st.sampled_from(sorted(CONTENTS))).map(lambda names: {name: CONTENTS[name] for name in names})


class NobodyToAsk:
    """The cache has everything."""

    def sizes(self, packages: object) -> dict[str, object]:
        raise AssertionError(f"asked for {packages}")


@given(st.lists(wheel_files, min_size=1, max_size=len(NAMES)), st.binary(max_size=2000))
def test_expected_size_is_what_is_written(shared: list[dict[str, bytes]], own: bytes) -> None:
    """A layer at a limit would be refused that AWS takes, or pass a preview and be refused by AWS."""
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

        expected = expect_size(layer, cache, NobodyToAsk())  # type: ignore[arg-type]

        wheels = [cache.find(cache_key(package), package.name) for package in layer.packages]
        written = write_archive([wheel.segment for wheel in wheels if wheel], Path(folder) / "layer.zip")
        assert expected.exact
        assert (expected.known.size, expected.known.unzipped_size) == (written.size, written.unzipped_size)
        assert written.size == (Path(folder) / "layer.zip").stat().st_size
