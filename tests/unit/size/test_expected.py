"""A layer's size is told before it is built, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from samples import PROJECT, WHEELS, Package, lock_text, plan
from samples.wheels import WheelSample

from pulumi_poetry_layer.archive.writer import write_archive
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity, BuildPlan, PlannedPackage
from pulumi_poetry_layer.size.expected import UNKNOWN_SIZE, ExpectedSize, expect_size
from pulumi_poetry_layer.size.limits import DIRECT_UPLOAD_LIMIT, UNZIPPED_LIMIT, LayerSize
from pulumi_poetry_layer.size.wheel_directory import WheelSizes, read_directory
from pulumi_poetry_layer.wheels.cache import WheelCache, cache_key
from pulumi_poetry_layer.wheels.reader import read_wheel

SHARED = {"shared/__init__.py": b"", "shared/data.py": b"data = 1\n" * 500}
SAMPLES = {
    "app": WheelSample(name="app", files={"app/__init__.py": b"answer = 42\n" * 300, **SHARED}),
    "lib": WheelSample(name="lib", files={"lib/__init__.py": b"", **SHARED, "lib/\N{SNOWMAN}.py": b"x = 1\n"}),
}
CLASHING = WheelSample(name="lib", files={"shared/__init__.py": b"something else"})


class Told:
    """Knows these sizes, by name, and remembers what it was asked for."""

    def __init__(self, **sizes: WheelSizes) -> None:
        self._sizes = sizes
        self.asked: list[str] = []

    def sizes(self, packages: Sequence[PlannedPackage]) -> Mapping[str, WheelSizes]:
        self.asked += [package.name for package in packages]
        return {package.name: self._sizes[package.name] for package in packages if package.name in self._sizes}


def planned(builder: BuilderIdentity = WHEELS) -> BuildPlan:
    """A layer of both samples."""
    packages = [Package(name="app", dependencies={"lib": "*"}), Package(name="lib")]
    return plan(PROJECT, lock_text(PROJECT, packages), builder=builder)


def cache_of(folder: Path, layer: BuildPlan, **samples: WheelSample) -> WheelCache:
    """A wheel cache with these wheels of the plan."""
    cache = WheelCache(folder / "cache")
    for package in layer.packages:
        if package.name in samples:
            path = folder / f"{package.name}.whl"
            path.write_bytes(samples[package.name].data())
            cache.add(cache_key(package), read_wheel(path, file_name=samples[package.name].file_name))
    return cache


def from_directory(name: str) -> WheelSizes:
    """What the index would tell of a sample."""
    data = SAMPLES[name].data()
    return read_directory(data, len(data))


def test_layer_whose_wheels_are_in_the_cache_has_exactly_the_expected_size(tmp_path: Path) -> None:
    """A layer would be refused that AWS takes, or the other way round; files that both bring count once."""
    layer = planned()
    cache, told = cache_of(tmp_path, layer, **SAMPLES), Told()
    expected = expect_size(layer, cache, told)

    wheels = [cache.find(cache_key(package), package.name) for package in layer.packages]
    written = write_archive([wheel.segment for wheel in wheels if wheel], tmp_path / "layer.zip")
    assert expected.exact
    assert (expected.known.size, expected.known.unzipped_size) == (written.size, written.unzipped_size)
    assert expected.known.packages == {name: size.unzipped_size for name, size in written.distributions.items()}
    assert told.asked == []
    assert str(expected).startswith("exactly ")


def test_expected_size_from_directories_is_close_to_what_is_written(tmp_path: Path) -> None:
    """A preview's figure would mislead; without shared files it is off by a rewritten RECORD and INSTALLER alone."""
    layer = planned()
    cache = cache_of(tmp_path, layer, **SAMPLES)
    expected = expect_size(
        layer, WheelCache(tmp_path / "empty"), Told(**{name: from_directory(name) for name in SAMPLES})
    )
    wheels = [cache.find(cache_key(package), package.name) for package in layer.packages]
    written = write_archive([wheel.segment for wheel in wheels if wheel], tmp_path / "layer.zip")
    shared, rewritten = sum(map(len, SHARED.values())), 1500
    assert abs(expected.known.unzipped_size - shared - written.unzipped_size) < rewritten
    assert abs(expected.known.size - written.size) < rewritten
    assert not expected.exact
    assert expected.firm


def test_only_what_the_cache_lacks_is_asked_for(tmp_path: Path) -> None:
    """Each preview would ask for packages that are there already."""
    layer = planned()
    told = Told(lib=from_directory("lib"))
    expected = expect_size(layer, cache_of(tmp_path, layer, app=SAMPLES["app"]), told)
    assert told.asked == ["lib"]
    assert set(expected.known.packages) == {"app", "lib"}
    assert str(expected).startswith("about ")


def test_what_is_not_known_is_named(tmp_path: Path) -> None:
    """A part of the layer would pass for the whole."""
    layer = planned()
    expected = expect_size(layer, cache_of(tmp_path, layer, app=SAMPLES["app"]), Told())
    assert expected.unknown == ("lib",)
    assert str(expected) == "at least 2 kB zipped, 9 kB unzipped; size of lib not known yet"


def test_size_of_a_whole_wheel_says_nothing_of_its_files(tmp_path: Path) -> None:
    """A limit on unzipped files would be held against a zipped size."""
    layer = planned()
    sizes = {name: WheelSizes(size=1_000_000, unzipped_size=None) for name in SAMPLES}
    expected = expect_size(layer, WheelCache(tmp_path), Told(**sizes))
    assert str(expected) == "at least 2.0 MB zipped, unknown unzipped; size of app, lib not known yet"
    assert not expected.firm


def test_nothing_known_is_said_plainly(tmp_path: Path) -> None:
    """A preview without network would show a layer of 0 MB."""
    assert str(expect_size(planned(), WheelCache(tmp_path), Told())) == "size not known yet"
    assert str(UNKNOWN_SIZE) == "size not known yet"


def test_wheels_that_clash_are_left_to_the_build(tmp_path: Path) -> None:
    """A preview would end in an error about files, in place of the build's own."""
    layer = planned()
    cache = cache_of(tmp_path, layer, app=SAMPLES["app"], lib=CLASHING)
    assert not expect_size(layer, cache, Told()).exact


def test_another_builder_compresses_anew(tmp_path: Path) -> None:
    """A size would be said to be exact that is not."""
    layer = planned(BuilderIdentity(kind="local"))
    expected = expect_size(layer, cache_of(tmp_path, layer, **SAMPLES), Told())
    assert (expected.exact, expected.firm) == (False, False)


def size_of(size: int, unzipped_size: int, *, exact: bool = False, firm: bool = True) -> ExpectedSize:
    """An expected size of one package."""
    known = LayerSize(size=size, unzipped_size=unzipped_size, packages={"torch": unzipped_size})
    return ExpectedSize(known=known, exact=exact, firm=firm)


@pytest.mark.parametrize(
    ("expected", "direct_upload", "is_error", "is_warning"),
    [
        (size_of(DIRECT_UPLOAD_LIMIT, UNZIPPED_LIMIT, exact=True), True, False, False),
        (size_of(DIRECT_UPLOAD_LIMIT + 1, 1, exact=True), True, True, False),
        (size_of(DIRECT_UPLOAD_LIMIT + 1, 1, exact=True), False, False, False),
        (size_of(1, UNZIPPED_LIMIT + 1, exact=True), False, True, False),
        (size_of(1, UNZIPPED_LIMIT + 1), False, False, True),
        (size_of(1, UNZIPPED_LIMIT - 1), False, False, True),
        (size_of(1, int(UNZIPPED_LIMIT * 1.05)), False, True, True),
        (size_of(1, int(UNZIPPED_LIMIT * 0.95)), False, False, False),
        (size_of(int(DIRECT_UPLOAD_LIMIT * 1.05), 1), True, True, True),
        (size_of(int(DIRECT_UPLOAD_LIMIT * 1.05), 1, firm=False), True, False, True),
    ],
)
def test_only_a_certain_excess_is_an_error(
    expected: ExpectedSize, direct_upload: bool, is_error: bool, is_warning: bool
) -> None:
    """A preview would stop a layer that AWS takes, or let one pass that it refuses without a word."""
    error = expected.error(where="layer deps", direct_upload=direct_upload)
    assert (error is not None) is is_error
    assert (expected.warning(where="layer deps", direct_upload=direct_upload) is not None) is is_warning
    if error:
        assert "layer deps: the layer will be" in str(error)
        assert "exclude=" in str(error)
        assert "largest: torch" in str(error)


def test_direct_upload_over_the_limit_says_what_to_write() -> None:
    """A user would not know that an S3 bucket lifts the limit."""
    error = size_of(DIRECT_UPLOAD_LIMIT + 1, 1, exact=True).error(where="layer deps", direct_upload=True)
    assert "bucket=" in str(error)
