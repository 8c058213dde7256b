"""The expected size of a layer that is not built yet."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from samples import PROJECT, WHEELS, Package, lock_text, plan
from samples.wheels import WheelSample

from pulumi_poetry_layer.archive.writer import write_archive
from pulumi_poetry_layer.bytecode.compiler import find_compiler
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity, BuildPlan, PlannedPackage
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.size.expected import UNKNOWN_SIZE, ExpectedSize, expect_size
from pulumi_poetry_layer.size.limits import DIRECT_UPLOAD_LIMIT, UNZIPPED_LIMIT, LayerSize
from pulumi_poetry_layer.size.wheel_directory import WheelSizes, read_directory
from pulumi_poetry_layer.wheels.cache import WheelCache, cache_key
from pulumi_poetry_layer.wheels.compiled import add_compiled
from pulumi_poetry_layer.wheels.reader import read_wheel
from pulumi_poetry_layer.wheels.stripped import add_stripped

SHARED = {"shared/__init__.py": b"", "shared/data.py": b"data = 1\n" * 500}
SAMPLES = {
    "app": WheelSample(name="app", files={"app/__init__.py": b"answer = 42\n" * 300, **SHARED}),
    "lib": WheelSample(name="lib", files={"lib/__init__.py": b"", **SHARED, "lib/\N{SNOWMAN}.py": b"x = 1\n"}),
}
CLASHING = WheelSample(
    name="lib",
    files={"shared/__init__.py": b"something else"},
    dist_info={"METADATA": b"Name: lib\nVersion: 1.0\nAuthor: \xff\n"},
)


class FakeLookup:
    """Knows these sizes, by package name, and records which packages it was asked for."""

    def __init__(self, **sizes: WheelSizes) -> None:
        self._sizes = sizes
        self.requested: list[str] = []

    def sizes(self, packages: Sequence[PlannedPackage]) -> Mapping[str, WheelSizes]:
        self.requested += [package.name for package in packages]
        return {package.name: self._sizes[package.name] for package in packages if package.name in self._sizes}


def plan_of_samples(builder: BuilderIdentity = WHEELS) -> BuildPlan:
    """The plan of a layer with both samples."""
    packages = [Package(name="app", dependencies={"lib": "*"}), Package(name="lib")]
    return plan(PROJECT, lock_text(PROJECT, packages), builder=builder)


def cache_of(folder: Path, layer: BuildPlan, **samples: WheelSample) -> WheelCache:
    """A wheel cache that contains these wheels of the plan."""
    cache = WheelCache(folder / "cache")
    for package in layer.packages:
        if package.name in samples:
            path = folder / f"{package.name}.whl"
            path.write_bytes(samples[package.name].data())
            cache.add(cache_key(package), read_wheel(path, file_name=samples[package.name].file_name))
    return cache


def from_directory(name: str) -> WheelSizes:
    """The sizes that an index would give for a sample."""
    data = SAMPLES[name].data()
    return read_directory(data, len(data))


def test_expected_size_is_exact_if_all_wheels_are_in_the_cache(tmp_path: Path) -> None:
    """A layer that AWS accepts would be refused, or the reverse; a file that is in both wheels counts once."""
    layer = plan_of_samples()
    cache, lookup = cache_of(tmp_path, layer, **SAMPLES), FakeLookup()
    expected = expect_size(layer, cache, lookup)

    wheels = [cache.find(cache_key(package), package.name) for package in layer.packages]
    written = write_archive([wheel.segment for wheel in wheels if wheel], tmp_path / "layer.zip")
    assert expected.exact
    assert (expected.known.size, expected.known.unzipped_size) == (written.size, written.unzipped_size)
    assert expected.known.packages == {name: size.unzipped_size for name, size in written.distributions.items()}
    assert lookup.requested == []
    assert str(expected).startswith("exactly ")


def test_expected_size_from_wheel_directories_is_close_to_the_written_size(tmp_path: Path) -> None:
    """A preview would show a wrong size; apart from shared files only the rewritten RECORD and INSTALLER differ."""
    layer = plan_of_samples()
    cache = cache_of(tmp_path, layer, **SAMPLES)
    expected = expect_size(
        layer, WheelCache(tmp_path / "empty"), FakeLookup(**{name: from_directory(name) for name in SAMPLES})
    )
    wheels = [cache.find(cache_key(package), package.name) for package in layer.packages]
    written = write_archive([wheel.segment for wheel in wheels if wheel], tmp_path / "layer.zip")
    shared, rewritten = sum(map(len, SHARED.values())), 1500
    assert abs(expected.known.unzipped_size - shared - written.unzipped_size) < rewritten
    assert abs(expected.known.size - written.size) < rewritten
    assert not expected.exact
    assert expected.firm


def test_only_wheels_that_are_not_in_the_cache_are_looked_up(tmp_path: Path) -> None:
    """Every preview would send requests for wheels that are in the cache."""
    layer = plan_of_samples()
    lookup = FakeLookup(lib=from_directory("lib"))
    expected = expect_size(layer, cache_of(tmp_path, layer, app=SAMPLES["app"]), lookup)
    assert lookup.requested == ["lib"]
    assert set(expected.known.packages) == {"app", "lib"}
    assert str(expected).startswith("about ")


def test_packages_of_unknown_size_are_listed(tmp_path: Path) -> None:
    """A user would take the size of a part of the layer for the size of the whole layer."""
    layer = plan_of_samples()
    expected = expect_size(layer, cache_of(tmp_path, layer, app=SAMPLES["app"]), FakeLookup())
    assert expected.unknown == ("lib",)
    assert str(expected) == "at least <0.01 MiB zipped, 0.01 MiB unzipped; size of lib not known yet"


def test_unzipped_size_is_unknown_if_only_wheel_sizes_are_known(tmp_path: Path) -> None:
    """The limit on the unzipped size would be compared with a zipped size."""
    layer = plan_of_samples()
    sizes = {name: WheelSizes(size=1_000_000, unzipped_size=None) for name in SAMPLES}
    expected = expect_size(layer, WheelCache(tmp_path), FakeLookup(**sizes))
    assert str(expected) == "at least 1.9 MiB zipped, unknown unzipped; size of app, lib not known yet"
    assert not expected.firm


def test_size_is_not_known_yet_without_cache_and_lookup(tmp_path: Path) -> None:
    """A preview without a network would show a layer of 0 MB."""
    assert str(expect_size(plan_of_samples(), WheelCache(tmp_path), FakeLookup())) == "size not known yet"
    assert str(UNKNOWN_SIZE) == "size not known yet"


def test_conflicts_and_notes_are_known_from_the_cache(tmp_path: Path) -> None:
    """A user would learn of two packages with the same files only from the build."""
    layer = replace(plan_of_samples(), warnings=("two versions",))
    expected = expect_size(layer, cache_of(tmp_path, layer, app=SAMPLES["app"], lib=CLASHING), FakeLookup())
    assert expected.exact
    assert [(conflict.kept, conflict.replaced) for conflict in expected.conflicts] == [("lib", "app")]
    assert expected.notes == ("two versions", "lib 1.0: its METADATA is not UTF-8")


def test_size_is_not_exact_if_the_builder_compresses_again(tmp_path: Path) -> None:
    """A preview would call a size exact that is not."""
    layer = plan_of_samples(BuilderIdentity(kind="local"))
    expected = expect_size(layer, cache_of(tmp_path, layer, **SAMPLES), FakeLookup())
    assert (expected.exact, expected.firm) == (False, False)


def size_of(size: int, unzipped_size: int, *, exact: bool = False, firm: bool = True) -> ExpectedSize:
    """The expected size of a layer with one package."""
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
def test_layer_over_a_limit_is_an_error_if_certain_and_a_warning_if_possible(
    expected: ExpectedSize, direct_upload: bool, is_error: bool, is_warning: bool
) -> None:
    """A preview would stop a layer that AWS accepts, or pass one that AWS refuses."""
    error = expected.error(where="layer deps", direct_upload=direct_upload)
    assert (error is not None) is is_error
    assert (expected.warning(where="layer deps", direct_upload=direct_upload) is not None) is is_warning
    if error:
        assert "layer deps: the layer will be" in str(error)
        assert "with exclude;" in str(error)
        assert "largest: torch" in str(error)


def test_error_for_a_direct_upload_over_the_limit_names_the_bucket_argument() -> None:
    """A user would not learn that the limit does not apply with an S3 bucket."""
    error = size_of(DIRECT_UPLOAD_LIMIT + 1, 1, exact=True).error(where="layer deps", direct_upload=True)
    assert "bucket=" in str(error)


def test_size_with_bytecode_is_estimated_until_it_is_compiled(tmp_path: Path) -> None:
    """A preview would show too small a size, or refuse a layer because of an estimate."""
    version = "{}.{}".format(*sys.version_info[:2])
    code = b"".join(f"def function_{n}(a, b):\n    return a + b * {n}\n".encode() for n in range(200))
    samples = {name: WheelSample(name=name, files={f"{name}/__init__.py": code}) for name in ("app", "lib")}
    plain = plan_of_samples()
    layer = replace(plain, bytecode=version, target=Target(f"python{version}", "x86_64"))
    cache, lookup = cache_of(tmp_path, layer, app=samples["app"]), FakeLookup(lib=_directory_of(samples["lib"]))

    expected, without = expect_size(layer, cache, lookup), expect_size(plain, cache, lookup)

    assert not expected.exact
    assert " (bytecode is estimated: " in str(expected)
    assert expected.compiled.unzipped_size == expected.known.unzipped_size - without.known.unzipped_size
    limit = without.known.unzipped_size + 100
    options = {"where": "layer", "direct_upload": False, "max_unzipped_size": limit}
    assert expected.error(**options) is None  # type: ignore[arg-type]
    assert expected.warning(**options) is not None  # type: ignore[arg-type]

    cache = cache_of(tmp_path, layer, **samples)
    keys = {package.name: cache_key(package) for package in layer.packages}
    wheels = {name: cache.find(key, name) for name, key in keys.items()}
    compiler = find_compiler(version)
    add_compiled([(keys[n], w) for n, w in wheels.items() if w], cache, compiler, layer.target.python_version)
    exact = expect_size(layer, cache, FakeLookup())
    assert exact.exact
    assert "estimated" not in str(exact)
    assert 0.5 < exact.known.unzipped_size / expected.known.unzipped_size < 2
    assert 0.5 < exact.known.size / expected.known.size < 2


def _directory_of(sample: WheelSample) -> WheelSizes:
    return read_directory(sample.data(), len(sample.data()))


def test_size_of_a_layer_that_leaves_files_out_is_an_upper_limit_until_they_are_known(tmp_path: Path) -> None:
    """A layer that is small enough without its tests would be refused, or a size would be called exact that is not."""
    layer = replace(plan_of_samples(), strip=("tests",))
    cache = cache_of(tmp_path, layer, **SAMPLES)
    expected = expect_size(layer, cache, FakeLookup())
    assert not expected.exact
    assert str(expected).startswith("at most ")
    assert expected.error(where="deps", direct_upload=True, max_unzipped_size=1) is None
    assert expected.warning(where="deps", direct_upload=True, max_unzipped_size=1) is not None

    wheels = {package: cache.find(cache_key(package), package.name) for package in layer.packages}
    add_stripped([(package, wheel) for package, wheel in wheels.items() if wheel], cache, layer.strip)
    after = expect_size(layer, cache, FakeLookup())
    assert after.exact
    assert after.error(where="deps", direct_upload=True, max_unzipped_size=1) is not None
