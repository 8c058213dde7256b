"""The dynamic provider, called the way Pulumi's provider process calls it."""

from __future__ import annotations

import base64
import json
import pickle
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider
from samples import PROJECTS

from pulumi_poetry_layer import builders
from pulumi_poetry_layer.archive.members import BytesContent, Member
from pulumi_poetry_layer.builders import ProjectFiles
from pulumi_poetry_layer.compare.changes import UNTOUCHED
from pulumi_poetry_layer.errors import BuildError, InputError
from pulumi_poetry_layer.layer.build import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest
from pulumi_poetry_layer.layer.zip_store import note_of
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity, BuildPlan, PlannedPackage
from pulumi_poetry_layer.provider import LayerBuildProvider, request_inputs
from pulumi_poetry_layer.publish.archive_hash import zip_path
from pulumi_poetry_layer.size import index_sizes
from pulumi_poetry_layer.size.wheel_directory import WheelSizes
from pulumi_poetry_layer.wheels.cache import WheelCache

PROJECT = PROJECTS / "base"


class OneFileBuilder:
    """Stands where a real builder stands: one tiny file a package. Counts how often it builds; fails on demand."""

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
            raise BuildError("no luck today")
        yield [
            Member(f"python/{package.name}.py", package.name, BytesContent(package.version.encode()))
            for package in plan.packages
        ]


@pytest.fixture(autouse=True)
def one_file_builder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[OneFileBuilder]:
    """The builder, registered, and an empty program folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(OneFileBuilder, "builds", 0)
    monkeypatch.setitem(builders._BUILDERS, "one-file", lambda: OneFileBuilder)
    return OneFileBuilder


def inputs(folder: Path = PROJECT, *, stack: str = "dev") -> dict[str, Any]:
    """Inputs as the component would make them."""
    request = LayerRequest(project_dir=folder, runtime="python3.12", builder=OneFileBuilder())
    plan, _ = plan_request(request)
    path = zip_path("deps", plan.fingerprint, stack=stack)
    return {"fingerprint": plan.fingerprint, "packages": {}, "zip": path, **request_inputs(request, str(folder))}


def test_diff_turns_on_the_fingerprint_alone() -> None:
    """Otherwise a moved checkout rebuilds the layer, or a new package does not."""
    provider = LayerBuildProvider()
    old = {"fingerprint": "a", "project_dir": "x", "zip": ".poetry-layer/my-deps-a.zip"}
    assert provider.diff("id", old, {**old, "project_dir": "y"}).changes is False
    assert provider.diff("id", old, {**old, "fingerprint": "b"}).changes is True


class KnownSizes:
    """Stands where the indexes stand: knows one size of everything, and how often it was asked."""

    asked = 0

    def __init__(self, size: int, unzipped_size: int) -> None:
        self._sizes = WheelSizes(size=size, unzipped_size=unzipped_size)

    def sizes(self, packages: Sequence[PlannedPackage]) -> dict[str, WheelSizes]:
        self.asked += 1
        return {package.name: self._sizes for package in packages}


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> KnownSizes:
    """Sizes that are far from every limit."""
    known = KnownSizes(200_000, 400_000)
    monkeypatch.setattr(index_sizes, "size_lookups", lambda *_: (WheelCache(Path("no-cache")), known))
    return known


def test_preview_says_in_one_line_what_changes_and_how_large_it_will_be(
    sizes: KnownSizes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise the plain preview says that something is updated, and not what."""
    new = inputs()
    old = {**new, "fingerprint": "a", "packages": {"six": "1.15.0", "idna": "3.10"}}
    new["packages"] = {"six": "1.16.0", "idna": "3.10"}
    checked = LayerBuildProvider().check(old, {**new, "dry_run": True})
    assert capsys.readouterr().out == "deps: six 1.15.0 → 1.16.0; about 0.4 MB zipped, 0.8 MB unzipped\n"
    assert (checked.inputs, checked.failures) == (new, [])


def test_preview_of_a_new_layer_says_what_will_be_built(sizes: KnownSizes, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise the first preview of a layer says nothing of it."""
    new = {**inputs(), "packages": {"six": "1.16.0", "idna": "3.10"}}
    LayerBuildProvider().check({}, {**new, "dry_run": True})
    line = "deps: new layer of 2 packages for python3.12 on x86_64; about 0.4 MB zipped, 0.8 MB unzipped\n"
    assert capsys.readouterr().out == line


def test_preview_without_changes_asks_nobody_for_sizes(sizes: KnownSizes, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise every preview needs the network, and time."""
    new = inputs()
    LayerBuildProvider().check(new, {**new, "dry_run": True})
    assert (sizes.asked, capsys.readouterr().out) == (0, "")


def test_other_lock_file_for_the_same_layer_is_told_in_the_preview_alone(
    sizes: KnownSizes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a user wonders whether the change of the lock file was seen, or is told of it for ever."""
    new = {**inputs(), "lock_digest": "2"}
    for dry_run in (True, False):
        LayerBuildProvider().check({**new, "lock_digest": "1"}, {**new, "dry_run": dry_run})
    assert capsys.readouterr().out == f"deps: {UNTOUCHED}\n"
    assert sizes.asked == 0


def test_update_says_nothing_before_it_has_built(sizes: KnownSizes, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise `pulumi up` says everything twice, and asks the index for what it is about to download."""
    new = inputs()
    checked = LayerBuildProvider().check({}, {**new, "dry_run": False})
    assert (checked.inputs, checked.failures, sizes.asked) == (new, [], 0)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("unzipped_size", "direct_upload", "problem"),
    [(140 * 2**20, True, "over Lambda's limit of 250 MiB"), (120 * 2**20, False, None)],
)
def test_layer_over_a_limit_fails_the_preview(
    unzipped_size: int, direct_upload: bool, problem: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise AWS refuses the layer in the middle of a deployment that the preview promised."""
    monkeypatch.setattr(
        index_sizes, "size_lookups", lambda *_: (WheelCache(Path("no-cache")), KnownSizes(60 * 2**20, unzipped_size))
    )
    new = {**inputs(), "direct_upload": direct_upload, "dry_run": True}
    failures = LayerBuildProvider().check({}, new).failures
    assert len(failures) == (1 if problem else 0)
    assert all(str(problem) in failure.reason for failure in failures)


def test_unchanged_layer_that_loses_its_bucket_is_held_against_the_limit_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise taking `bucket=` from a large layer passes the preview, and AWS refuses it."""
    large = KnownSizes(60 * 2**20, 120 * 2**20)
    monkeypatch.setattr(index_sizes, "size_lookups", lambda *_: (WheelCache(Path("no-cache")), large))
    old = {**inputs(), "direct_upload": False}
    LayerBuildProvider().check(old, {**old, "dry_run": True})
    assert capsys.readouterr().out == ""
    LayerBuildProvider().check(old, {**old, "direct_upload": True, "dry_run": True})
    assert "over Lambda's limit of 50 MiB for a direct upload" in capsys.readouterr().out


def test_layer_that_may_be_over_a_limit_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a layer just at the limit is refused on a guess, or by AWS without a word before."""
    close = KnownSizes(1, 125 * 2**20 + 1000)
    monkeypatch.setattr(index_sizes, "size_lookups", lambda *_: (WheelCache(Path("no-cache")), close))
    assert LayerBuildProvider().check({}, {**inputs(), "dry_run": True}).failures == []
    assert "warning: layer deps: the layer may be as large as 26" in capsys.readouterr().out


def test_size_of_files_that_changed_in_between_is_unknown(
    sizes: KnownSizes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise a preview ends with a traceback when the lock file is written while it runs."""
    LayerBuildProvider().check({}, {**inputs(), "project_dir": "nowhere", "dry_run": True})
    assert capsys.readouterr().out.endswith("; size not known yet\n")


def test_create_builds_and_echoes_every_input() -> None:
    """Otherwise the next diff compares with nothing and rebuilds for ever."""
    given = inputs()
    created = LayerBuildProvider().create(given)
    assert created.outs is not None
    assert given.items() <= created.outs.items()
    zip_file = Path(given["zip"])
    assert created.outs["size"] == zip_file.stat().st_size > 0
    assert json.loads(zip_file.with_name(f"{zip_file.name}.json").read_text())["sha256"] == created.outs["sha256"]


def test_create_does_not_build_what_is_there_and_whole(one_file_builder: type[OneFileBuilder]) -> None:
    """Otherwise every retry after a failed publish builds again."""
    provider = LayerBuildProvider()
    first = provider.create(inputs())
    assert provider.create(inputs()).outs == first.outs
    assert one_file_builder.builds == 1


@pytest.mark.parametrize("damage", ["empty", "truncated", "flipped", "missing", "note missing", "note broken"])
def test_damaged_zip_is_built_anew(damage: str, one_file_builder: type[OneFileBuilder]) -> None:
    """Otherwise a cut or tampered zip is published under the right fingerprint."""
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


def test_update_lets_go_of_the_old_zip_and_delete_of_the_last() -> None:
    """Otherwise the build folder grows by a zip for every change."""
    provider = LayerBuildProvider()
    old = inputs()
    provider.create(old)
    new = inputs(PROJECT.parent / "package_changed")
    provider.update("id", old, new)
    assert not Path(old["zip"]).exists()
    assert Path(new["zip"]).exists()
    provider.delete("id", new)
    assert list(Path(".poetry-layer").iterdir()) == []


def test_stack_lets_go_of_its_own_zip_only(one_file_builder: type[OneFileBuilder]) -> None:
    """Otherwise an update of dev takes away the zip that prod is about to publish from the same checkout."""
    provider = LayerBuildProvider()
    dev, prod = inputs(stack="dev"), inputs(stack="prod")
    provider.create(dev)
    provider.create(prod)
    provider.update("id", dev, inputs(PROJECT.parent / "package_changed", stack="dev"))
    assert not Path(dev["zip"]).exists()
    assert provider.create(prod).outs == provider.create(prod).outs
    assert one_file_builder.builds == 2


def test_zip_of_another_stack_is_taken_over(one_file_builder: type[OneFileBuilder]) -> None:
    """Otherwise the same layer is compiled once for each environment."""
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
def test_zip_of_another_stack_is_not_trusted_blindly(damage: str, one_file_builder: type[OneFileBuilder]) -> None:
    """Otherwise one damaged zip spreads to all stacks of a checkout."""
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


def test_failed_build_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a placeholder or half a zip is published by the next run."""
    monkeypatch.setattr(OneFileBuilder, "fails", True)
    zip_file = Path(inputs()["zip"])
    zip_file.parent.mkdir(parents=True)
    zip_file.touch()  # the placeholder of the component
    with pytest.raises(BuildError, match="no luck today"):
        LayerBuildProvider().create(inputs())
    assert list(zip_file.parent.iterdir()) == []


def test_failed_build_shows_what_is_to_be_done_and_not_how_the_error_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the message stands below thirty lines of this package's inner life: the SDK shows all of them."""
    monkeypatch.setattr(OneFileBuilder, "fails", True)
    with pytest.raises(BuildError) as caught:
        LayerBuildProvider().create(inputs())

    shown = "".join(traceback.format_exception(caught.value))
    assert "no luck today" in shown
    assert "pipeline.py" not in shown
    assert shown.count('  File "') <= 3


def test_files_that_changed_since_the_plan_are_refused() -> None:
    """Otherwise what is published is not what the preview showed."""
    given = {**inputs(), "fingerprint": "0" * 64}
    with pytest.raises(InputError, match="changed while Pulumi was running"):
        LayerBuildProvider().create(given)


def test_read_gives_state_back() -> None:
    """Otherwise a refresh on a machine without the zip throws the resource out of the state."""
    read = LayerBuildProvider().read("id", {"fingerprint": "a", "size": 1.0})
    assert (read.id, read.outs) == ("id", {"fingerprint": "a", "size": 1.0})


def test_provider_in_state_is_a_reference_and_stays_the_same() -> None:
    """Otherwise state holds code of an old release, and every new release shows a change on every stack."""
    pickled = base64.b64decode(serialize_provider(LayerBuildProvider()))
    assert b"pulumi_poetry_layer.provider" in pickled
    assert len(pickled) < 200
    restored = pickle.loads(pickled)  # noqa: S301 - just made
    assert isinstance(restored, LayerBuildProvider)
    assert vars(restored) == {}
