"""The dynamic provider, called as Pulumi's provider process calls it."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from pulumi.dynamic.dynamic import serialize_provider
from samples import PROJECTS
from samples.wheels import WheelSample

from pulumi_poetry_layer import provider
from pulumi_poetry_layer.archive.members import BytesContent, Member
from pulumi_poetry_layer.builders import registry
from pulumi_poetry_layer.builders.builder import ProjectFiles
from pulumi_poetry_layer.compare.changes import UNTOUCHED
from pulumi_poetry_layer.errors import BuildError, InputError, PublishError
from pulumi_poetry_layer.layer.inspection import inspect_layer
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest
from pulumi_poetry_layer.layer.sbom import sbom_of
from pulumi_poetry_layer.layer.zip_store import note_of
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity, BuildPlan, PlannedPackage
from pulumi_poetry_layer.provider import LayerBuildProvider, LayerSbomProvider, request_inputs
from pulumi_poetry_layer.publish.archive_hash import zip_path
from pulumi_poetry_layer.size import index_sizes
from pulumi_poetry_layer.size.wheel_directory import WheelSizes
from pulumi_poetry_layer.wheels.cache import WheelCache, cache_key
from pulumi_poetry_layer.wheels.reader import read_wheel

PROJECT = PROJECTS / "base"


class OneFileBuilder:
    """A fake builder: one small file for each package. It counts the builds, and can be made to fail."""

    builds = 0
    fails = False
    identity = BuilderIdentity(kind="one-file")

    def options(self) -> Mapping[str, str]:
        return {}

    @contextmanager
    def build(self, plan: BuildPlan, files: ProjectFiles) -> Iterator[Sequence[Member]]:
        assert files.lock
        type(self).builds += 1
        if self.fails:
            raise BuildError("the fake build failed")
        parts = []
        for package in plan.packages:
            metadata = f"Name: {package.name}\nVersion: {package.version}\nLicense: MIT License\n".encode()
            dist_info = f"python/{package.name}-{package.version}.dist-info"
            parts.append(Member(f"python/{package.name}.py", package.name, BytesContent(package.version.encode())))
            parts.append(Member(f"{dist_info}/METADATA", package.name, BytesContent(metadata)))
        yield parts


@pytest.fixture(autouse=True)
def one_file_builder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[OneFileBuilder]:
    """Register the builder, and use an empty program folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(OneFileBuilder, "builds", 0)
    monkeypatch.setitem(registry._BUILDERS, "one-file", (__name__, "OneFileBuilder"))
    small = KnownSizes(200_000, 400_000)
    monkeypatch.setattr(index_sizes, "size_lookups", lambda *_: (WheelCache(Path("no-cache")), small))
    return OneFileBuilder


def inputs(folder: Path = PROJECT, *, stack: str = "dev") -> dict[str, Any]:
    """Inputs of the build as the component creates them."""
    request = LayerRequest(project_dir=folder, runtime="python3.12", builder=OneFileBuilder())
    plan, _ = plan_request(request)
    path = zip_path("deps", plan.fingerprint, stack=stack, folder=".poetry-layer")
    return {"fingerprint": plan.fingerprint, "packages": {}, "zip": path, **request_inputs(request, str(folder))}


def create(props: dict[str, Any]) -> str:
    """Create the build and return its id."""
    return str(LayerBuildProvider().create(props).id)


def test_diff_depends_only_on_the_fingerprint() -> None:
    """Otherwise a moved checkout rebuilds the layer, or a new package does not rebuild it."""
    provider = LayerBuildProvider()
    old = {"fingerprint": "a", "project_dir": "x", "zip": ".poetry-layer/my-deps-a.zip"}
    assert provider.diff("id", old, {**old, "project_dir": "y"}).changes is False
    assert provider.diff("id", old, {**old, "fingerprint": "b"}).changes is True


class KnownSizes:
    """A fake lookup: the same size for every package. It counts its calls."""

    calls = 0

    def __init__(self, size: int, unzipped_size: int) -> None:
        self._sizes = WheelSizes(size=size, unzipped_size=unzipped_size)

    def sizes(self, packages: Sequence[PlannedPackage]) -> dict[str, WheelSizes]:
        self.calls += 1
        return {package.name: self._sizes for package in packages}


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> KnownSizes:
    """Sizes far below all limits."""
    known = KnownSizes(200_000, 400_000)
    monkeypatch.setattr(index_sizes, "size_lookups", lambda *_: (WheelCache(Path("no-cache")), known))
    return known


def test_preview_prints_one_line_with_the_change_and_the_expected_size(
    sizes: KnownSizes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a preview without --diff does not say what changes."""
    new = inputs()
    old = {**new, "fingerprint": "a", "packages": {"six": "1.15.0", "idna": "3.10"}}
    new["packages"] = {"six": "1.16.0", "idna": "3.10"}
    checked = LayerBuildProvider().check(old, {**new, "dry_run": True})
    assert capsys.readouterr().out == "deps: six 1.15.0 → 1.16.0; about 0.4 MiB zipped, 0.8 MiB unzipped\n"
    assert (checked.inputs, checked.failures) == (new, [])


def test_preview_of_a_new_layer_prints_what_will_be_built(
    sizes: KnownSizes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise the first preview of a layer does not describe it."""
    new = {**inputs(), "packages": {"six": "1.16.0", "idna": "3.10"}}
    LayerBuildProvider().check({}, {**new, "dry_run": True})
    line = "deps: new layer of 2 packages for python3.12 on x86_64; about 0.4 MiB zipped, 0.8 MiB unzipped\n"
    assert capsys.readouterr().out == line


def test_control_characters_of_versions_are_escaped(sizes: KnownSizes, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a version in the state of a stack can clear the terminal of everyone who previews it."""
    new = {**inputs(), "packages": {"six": "1.16.0"}}
    old = {**new, "fingerprint": "a", "packages": {"six": "1.15.0\x1b[2J"}}
    LayerBuildProvider().check(old, {**new, "dry_run": True})
    assert "six 1.15.0\\x1b[2J → 1.16.0" in capsys.readouterr().out


def test_preview_without_changes_looks_up_no_sizes(sizes: KnownSizes, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise every preview needs the network, and takes longer."""
    new = inputs()
    LayerBuildProvider().check(new, {**new, "dry_run": True})
    assert (sizes.calls, capsys.readouterr().out) == (0, "")


def test_lock_file_change_that_keeps_the_layer_is_reported_in_a_preview_only(
    sizes: KnownSizes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a user does not know whether the change was noticed, or gets the message in every update."""
    new = {**inputs(), "lock_digest": "2"}
    for dry_run in (True, False):
        LayerBuildProvider().check({**new, "lock_digest": "1"}, {**new, "dry_run": dry_run})
    assert capsys.readouterr().out == f"deps: {UNTOUCHED}\n"
    assert sizes.calls == 0


def test_update_prints_nothing_before_the_build(sizes: KnownSizes, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise `pulumi up` prints everything twice, and looks up the sizes of wheels that it downloads."""
    new = inputs()
    checked = LayerBuildProvider().check({}, {**new, "dry_run": False})
    assert (checked.inputs, checked.failures, sizes.calls) == (new, [], 0)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("unzipped_size", "direct_upload", "problem"),
    [(140 * 2**20, True, "over Lambda's limit of 250 MiB"), (120 * 2**20, False, None)],
)
def test_layer_over_a_limit_fails_the_preview(
    unzipped_size: int, direct_upload: bool, problem: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the preview succeeds, and AWS refuses the layer in the middle of the deployment."""
    monkeypatch.setattr(
        index_sizes, "size_lookups", lambda *_: (WheelCache(Path("no-cache")), KnownSizes(60 * 2**20, unzipped_size))
    )
    new = {**inputs(), "direct_upload": direct_upload, "dry_run": True}
    failures = LayerBuildProvider().check({}, new).failures
    assert len(failures) == (1 if problem else 0)
    assert all(str(problem) in failure.reason for failure in failures)


def test_layer_without_its_bucket_is_checked_against_the_limit_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a large layer without `bucket=` passes the preview, and AWS refuses it."""
    large = KnownSizes(60 * 2**20, 120 * 2**20)
    monkeypatch.setattr(index_sizes, "size_lookups", lambda *_: (WheelCache(Path("no-cache")), large))
    old = {**inputs(), "direct_upload": False}
    LayerBuildProvider().check(old, {**old, "dry_run": True})
    assert capsys.readouterr().out == ""
    LayerBuildProvider().check(old, {**old, "direct_upload": True, "dry_run": True})
    assert "over Lambda's limit of 50 MiB for a direct upload" in capsys.readouterr().out


def test_layer_that_may_be_over_a_limit_gets_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a layer close to the limit is refused by mistake, or AWS refuses it without a warning before."""
    close = KnownSizes(1, 125 * 2**20 + 1000)
    monkeypatch.setattr(index_sizes, "size_lookups", lambda *_: (WheelCache(Path("no-cache")), close))
    assert LayerBuildProvider().check({}, {**inputs(), "dry_run": True}).failures == []
    assert "warning: layer deps: the layer may be as large as 252.5 MiB" in capsys.readouterr().out


def test_expected_size_is_unknown_if_the_project_files_are_gone(
    sizes: KnownSizes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a preview ends with a traceback if the lock file changes while it runs."""
    LayerBuildProvider().check({}, {**inputs(), "project_dir": "nowhere", "dry_run": True})
    assert capsys.readouterr().out.endswith("; size not known yet\n")


def test_create_builds_the_zip_and_returns_all_inputs() -> None:
    """Otherwise the next diff has nothing to compare with, and every update builds again."""
    news = inputs()
    created = LayerBuildProvider().create(news)
    assert created.outs is not None
    assert news.items() <= created.outs.items()
    zip_file = Path(news["zip"])
    assert created.outs["size"] == zip_file.stat().st_size > 0
    assert json.loads(zip_file.with_name(f"{zip_file.name}.json").read_text())["sha256"] == created.outs["sha256"]


def test_licenses_are_an_output_of_the_build_also_if_the_zip_was_there() -> None:
    """Otherwise a retry after a failed upload publishes the layer without its licenses."""
    created = [LayerBuildProvider().create(inputs()).outs for _ in range(2)]
    assert [outs and outs["licenses"] for outs in created] == ["MIT", "MIT"]


def test_sbom_is_that_of_the_zip_and_leaves_the_zip_to_the_build(one_file_builder: type[OneFileBuilder]) -> None:
    """Otherwise the document describes another zip, or its end removes the zip or gives it another owner."""
    sbom_provider, news = LayerSbomProvider(), inputs()
    assert sbom_provider.check({}, news).failures == []
    props = {**news, "build": create(news)}
    created = sbom_provider.create(props)
    assert created.outs is not None
    zip_file = Path(news["zip"])
    assert created.outs == {**props, "sbom": sbom_of(inspect_layer(zip_file))}
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(created.outs["sbom"]) is None
    assert sbom_provider.diff("id", created.outs, {**props, "project_dir": "x"}).changes is False
    assert sbom_provider.diff("id", created.outs, {**props, "fingerprint": "x"}).changes is True
    note = note_of(zip_file).read_text()
    assert sbom_provider.update("id", created.outs, props).outs == created.outs
    sbom_provider.delete("id", created.outs)
    assert note_of(zip_file).read_text() == note
    assert zip_file.exists()
    zip_file.unlink()
    assert sbom_provider.create(props).outs == created.outs
    assert one_file_builder.builds == 2


def test_create_does_not_build_an_intact_zip_again(one_file_builder: type[OneFileBuilder]) -> None:
    """Otherwise every retry after a failed upload builds the zip again."""
    provider = LayerBuildProvider()
    first = provider.create(inputs())
    assert provider.create(inputs()).outs == first.outs
    assert one_file_builder.builds == 1


@pytest.mark.parametrize("damage", ["empty", "truncated", "flipped", "missing", "note missing", "note broken"])
def test_damaged_zip_is_built_again(damage: str, one_file_builder: type[OneFileBuilder]) -> None:
    """Otherwise a truncated or changed zip is published with the right fingerprint."""
    provider = LayerBuildProvider()
    first = provider.create(inputs())
    zip_file = Path(inputs()["zip"])
    note = zip_file.with_name(f"{zip_file.name}.json")
    whole = zip_file.read_bytes()
    damages: dict[str, Callable[[], object]] = {
        "empty": lambda: zip_file.write_bytes(b""),
        "truncated": lambda: zip_file.write_bytes(whole[:-1]),
        "flipped": lambda: zip_file.write_bytes(bytes([whole[0] ^ 1]) + whole[1:]),
        "missing": zip_file.unlink,
        "note missing": note.unlink,
        "note broken": lambda: note.write_text("{"),
    }
    damages[damage]()
    assert provider.create(inputs()).outs == first.outs
    assert one_file_builder.builds == 2
    assert zip_file.read_bytes() == whole


def test_update_removes_the_old_zip_and_delete_the_last_one() -> None:
    """Otherwise every change leaves a zip in the build folder."""
    provider = LayerBuildProvider()
    old = inputs()
    id_ = create(old)
    new = inputs(PROJECT.parent / "package_changed")
    provider.update(id_, old, new)
    assert not Path(old["zip"]).exists()
    assert Path(new["zip"]).exists()
    provider.delete(id_, new)
    assert not Path(".poetry-layer").exists()


def test_builds_of_older_releases_which_have_the_same_id_only_remove_their_own_zips() -> None:
    """Otherwise the update of one layer removes the zips of the others, while they are uploaded."""
    provider, new = LayerBuildProvider(), inputs(PROJECT.parent / "package_changed")
    for name in ("one", "two"):
        zips = {key: values["zip"].replace("deps", name) for key, values in (("old", inputs()), ("new", new))}
        provider.update("poetry-layer-build", {**inputs(), "zip": zips["old"]}, {**new, "zip": zips["new"]})
    provider.delete("poetry-layer-build", {**new, "zip": new["zip"].replace("deps", "one")})
    assert [path.name.partition("-")[0] for path in Path(".poetry-layer/dev").glob("*.zip")] == ["two"]


def test_renamed_stack_removes_its_zip_under_the_old_name() -> None:
    """Otherwise each rename leaves a zip in the build folder for good."""
    provider, old = LayerBuildProvider(), inputs(stack="dev")
    id_ = create(old)
    new = inputs(PROJECT.parent / "package_changed", stack="renamed")
    provider.update(id_, old, new)
    assert sorted(path.name for path in Path(".poetry-layer").glob("*")) == [".gitignore", "renamed"]
    provider.delete(id_, new)
    assert not Path(".poetry-layer").exists()


def test_renamed_stack_keeps_the_zip_of_a_new_stack_with_the_old_name() -> None:
    """Otherwise an update of the renamed stack removes the zip that the new stack is publishing."""
    provider, old = LayerBuildProvider(), inputs(stack="dev")
    renamed, new = create(old), create(old)
    provider.update(renamed, old, inputs(PROJECT.parent / "package_changed", stack="renamed"))
    assert Path(old["zip"]).stat().st_size > 0
    provider.delete(renamed, old)
    assert Path(old["zip"]).stat().st_size > 0
    provider.delete(new, old)
    assert not Path(old["zip"]).exists()


def test_replaced_build_keeps_the_zip_of_its_replacement() -> None:
    """Otherwise `pulumi up --replace` deletes the zip that it has just built."""
    old = create(inputs())
    create(inputs())
    LayerBuildProvider().delete(old, inputs())
    assert Path(inputs()["zip"]).exists()


def test_delete_also_removes_what_a_killed_update_has_left() -> None:
    """Otherwise files of a destroyed stack stay in the build folder for good."""
    id_, zip_file = create(inputs()), Path(inputs()["zip"])
    zip_file.with_name(f"deps-{'0' * 12}.zip").touch()
    zip_file.with_name(".poetry-layer-tmp-0123").write_bytes(b"half")
    LayerBuildProvider().delete(id_, inputs())
    assert not Path(".poetry-layer").exists()


def test_update_removes_only_the_zip_of_its_own_stack(one_file_builder: type[OneFileBuilder]) -> None:
    """Otherwise an update of dev removes the zip that prod publishes from the same checkout."""
    provider = LayerBuildProvider()
    dev, prod = inputs(stack="dev"), inputs(stack="prod")
    id_ = create(dev)
    provider.create(prod)
    provider.update(id_, dev, inputs(PROJECT.parent / "package_changed", stack="dev"))
    assert not Path(dev["zip"]).exists()
    assert provider.create(prod).outs == provider.create(prod).outs
    assert one_file_builder.builds == 2


def test_intact_zip_of_another_stack_is_copied(one_file_builder: type[OneFileBuilder]) -> None:
    """Otherwise the same layer is built once for each environment."""
    provider = LayerBuildProvider()
    dev, prod = inputs(stack="dev"), inputs(stack="prod")
    provider.create(dev)
    provider.create(prod)
    assert one_file_builder.builds == 1
    assert Path(prod["zip"]).read_bytes() == Path(dev["zip"]).read_bytes()
    Path(dev["zip"]).write_bytes(b"damaged later")
    assert provider.create(prod).outs is not None
    assert one_file_builder.builds == 1


@pytest.mark.parametrize("damage", ["truncated", "flipped", "note missing", "another fingerprint"])
def test_damaged_or_different_zip_of_another_stack_is_not_copied(
    damage: str, one_file_builder: type[OneFileBuilder]
) -> None:
    """Otherwise a damaged zip is copied to all stacks of a checkout."""
    provider = LayerBuildProvider()
    first = provider.create(inputs(stack="dev")).outs or {}
    zip_file = Path(inputs(stack="dev")["zip"])
    note, whole = note_of(zip_file), zip_file.read_bytes()
    damages: dict[str, Callable[[], object]] = {
        "truncated": lambda: zip_file.write_bytes(whole[:-1]),
        "flipped": lambda: zip_file.write_bytes(bytes([whole[0] ^ 1]) + whole[1:]),
        "note missing": note.unlink,
        "another fingerprint": lambda: note.write_text(note.read_text().replace(first["fingerprint"], "0" * 64)),
    }
    damages[damage]()
    prod = inputs(stack="prod")
    outputs = provider.create(prod).outs or {}
    assert outputs["sha256"] == first["sha256"]
    assert Path(prod["zip"]).read_bytes() == whole
    assert one_file_builder.builds == 2


def test_failed_build_leaves_only_the_empty_placeholder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an incomplete zip is published, or the AWS plugin reports a second error about a missing file."""
    monkeypatch.setattr(OneFileBuilder, "fails", True)
    zip_file = Path(inputs()["zip"])
    zip_file.parent.mkdir(parents=True)
    zip_file.touch()  # the placeholder of the component
    with pytest.raises(BuildError, match="the fake build failed"):
        LayerBuildProvider().create(inputs())
    assert [(path.name, path.stat().st_size) for path in zip_file.parent.iterdir()] == [(zip_file.name, 0)]


def test_layer_over_a_limit_is_refused_before_the_build(
    monkeypatch: pytest.MonkeyPatch, one_file_builder: type[OneFileBuilder]
) -> None:
    """Otherwise `up --skip-preview` downloads and builds a layer that AWS refuses."""
    large = KnownSizes(60 * 2**20, 140 * 2**20)
    monkeypatch.setattr(index_sizes, "size_lookups", lambda *_: (WheelCache(Path("no-cache")), large))
    with pytest.raises(PublishError, match="over Lambda's limit of 250 MiB"):
        LayerBuildProvider().create(inputs())
    assert one_file_builder.builds == 0


def test_build_with_another_fingerprint_than_planned_is_refused() -> None:
    """Otherwise another layer is published than the one that the preview showed."""
    news = {**inputs(), "fingerprint": "0" * 64}
    with pytest.raises(InputError, match="changed while Pulumi was running"):
        LayerBuildProvider().create(news)


def test_read_returns_the_state_unchanged() -> None:
    """Otherwise a refresh on a machine without the zip removes the resource from the state."""
    read = LayerBuildProvider().read("id", {"fingerprint": "a", "size": 1.0})
    assert (read.id, read.outs) == ("id", {"fingerprint": "a", "size": 1.0})


def test_provider_is_pickled_by_reference_without_attributes() -> None:
    """Otherwise the state contains code of an old release, and every new release changes every stack."""
    pickled = base64.b64decode(serialize_provider(LayerBuildProvider()))
    assert b"pulumi_poetry_layer.provider" in pickled
    assert len(pickled) < 200
    restored = pickle.loads(pickled)  # noqa: S301 - just made
    assert isinstance(restored, LayerBuildProvider)
    assert vars(restored) == {}


def conflicting_wheels(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A wheel cache with the wheels of the project; both contain the same file with another content."""
    cache = WheelCache(folder / "wheels")
    plan, _ = plan_request(LayerRequest(project_dir=PROJECT, runtime="python3.12", builder=OneFileBuilder()))
    for package in plan.packages:
        files = {f"{package.name}/__init__.py": b"", "tests/a.py": package.name.encode()}
        sample = WheelSample(name=package.name, version=package.version, files=files, record={"tests/a.py": None})
        (folder / "wheel").write_bytes(sample.data())
        cache.add(cache_key(package), read_wheel(folder / "wheel", file_name=sample.file_name))
    monkeypatch.setattr(index_sizes, "size_lookups", lambda *_: (cache, KnownSizes(1, 1)))


def test_preview_warns_of_what_the_cache_knows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a user learns only after the update that a package is not in order."""
    conflicting_wheels(monkeypatch, tmp_path)

    result = LayerBuildProvider().check({}, {**inputs(), "dry_run": True})

    lines = capsys.readouterr().out.splitlines()
    assert result.failures == []
    assert "warning: six 1.16.0: its RECORD does not list tests/a.py; the layer has a correct RECORD" in lines
    assert (
        "warning: idna and six both contain python/tests/a.py, with different contents; "
        "the layer has the content of six, the last in the order of names"
    ) in lines


def test_preview_warns_of_what_is_wrong_with_the_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a user learns only after the update that the lock file may be read wrongly."""
    folder = tmp_path / "newer"
    folder.mkdir()
    for name in ("pyproject.toml", "poetry.lock"):
        text = (PROJECT / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace('lock-version = "2.1"', 'lock-version = "2.2"'), encoding="utf-8")

    LayerBuildProvider().check({}, {**inputs(folder), "dry_run": True})

    assert "warning: poetry.lock: lock version 2.2 is newer than 2.1" in capsys.readouterr().out


def test_preview_fails_for_a_known_conflict_if_conflicts_are_errors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Otherwise the refusal comes in the middle of an update."""
    conflicting_wheels(monkeypatch, tmp_path)

    result = LayerBuildProvider().check({}, {**inputs(), "on_conflict": "error", "dry_run": True})

    (failure,) = result.failures
    assert "idna and six both contain this file" in failure.reason


def test_request_survives_the_way_through_the_inputs() -> None:
    """Otherwise the provider's process builds something else than the program has planned."""
    request = LayerRequest(project_dir=PROJECT, runtime="python3.12", builder=OneFileBuilder(), on_conflict="error")
    assert provider._request(request_inputs(request, str(PROJECT))).on_conflict == "error"
    with_patch = replace(request, python_patch="3.12.1")
    assert provider._request(request_inputs(with_patch, str(PROJECT))).python_patch == "3.12.1"
    assert "python_patch" not in request_inputs(request, str(PROJECT))


@pytest.mark.parametrize("value", [True, "3.12.1"])
def test_bytecode_reaches_the_build_and_is_only_an_input_if_it_is_set(value: object) -> None:
    """Otherwise the provider builds a layer without it, or every layer of an older release shows a change."""
    request = LayerRequest(project_dir=PROJECT, runtime="python3.12", bytecode=value)  # type: ignore[arg-type]
    assert provider._request(request_inputs(request, str(PROJECT))).bytecode == value
    default = replace(request, bytecode=False)
    assert "bytecode" not in request_inputs(default, str(PROJECT))
    assert provider._request(request_inputs(default, str(PROJECT))).bytecode is False


def test_system_libraries_reach_the_build() -> None:
    """Otherwise a layer that needs a library of another layer is refused during the update."""
    request = LayerRequest(project_dir=PROJECT, runtime="python3.12", system_libraries=("libodbc.so.2",))
    assert provider._request(request_inputs(request, str(PROJECT))).system_libraries == ("libodbc.so.2",)
    assert "system_libraries" not in request_inputs(replace(request, system_libraries=()), str(PROJECT))
    default = replace(request, on_conflict="warn")
    assert "on_conflict" not in request_inputs(default, str(PROJECT))  # as in the states of earlier releases
    assert provider._request(request_inputs(default, str(PROJECT))).on_conflict == "warn"


def test_arguments_about_the_size_reach_the_build() -> None:
    """Otherwise the provider's process builds something else than the program has planned, or forgets the limit."""
    request = LayerRequest(
        project_dir=PROJECT, runtime="python3.12", exclude_runtime=True, max_unzipped_size=1000, strip=("tests",)
    )
    props = request_inputs(request, str(PROJECT))
    restored = provider._request({**props, "max_unzipped_size": 1000.0})  # the engine sends floats
    assert (restored.exclude_runtime, restored.max_unzipped_size, restored.strip) == (True, 1000, ("tests",))
    default = request_inputs(replace(request, exclude_runtime=False, max_unzipped_size=None, strip=()), str(PROJECT))
    assert (
        not {"exclude_runtime", "max_unzipped_size", "strip"} & default.keys()
    )  # as in the states of earlier releases


def test_layer_over_its_own_limit_fails_the_preview_also_if_only_the_limit_changes(sizes: KnownSizes) -> None:
    """Otherwise the layer leaves no room for the function, and AWS refuses the function."""
    new = {**inputs(), "max_unzipped_size": 700_000}
    for old in ({}, inputs()):
        (failure,) = LayerBuildProvider().check(old, {**new, "dry_run": True}).failures
        assert "(max_unzipped_size)" in failure.reason
        assert "exclude saves" in failure.reason
    assert LayerBuildProvider().check(new, {**new, "dry_run": True}).failures == []


def test_layer_over_its_own_limit_is_refused_before_it_is_published(
    monkeypatch: pytest.MonkeyPatch, one_file_builder: type[OneFileBuilder]
) -> None:
    """Otherwise `up --skip-preview` publishes it."""
    with pytest.raises(PublishError, match="max_unzipped_size"):
        LayerBuildProvider().create({**inputs(), "max_unzipped_size": 1})
