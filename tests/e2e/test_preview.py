"""The line about a layer in a preview of the real engine: what changes, the expected size, and limits."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

import pytest
from samples import PROJECT, Package, lock_text
from samples.index import Index, file_hash, serve
from samples.wheels import WheelSample

from .harness import LocalAws, Result, Stack
from .harness.one_layer import BUILD, LAYER, UNREACHABLE, NewProgram

PROGRAM = """\
import pulumi
from pulumi_poetry_layer import PoetryLayer

config = pulumi.Config()
deps = PoetryLayer(
    "deps",
    project_dir="service",
    runtime="python3.12",
    exclude=config.get_object("exclude") or [],
    bucket=config.get("bucket"),
    layer_name="deps",
)
pulumi.export("size", deps.size)
"""
UNTOUCHED = "deps: poetry.lock has changed since the layer was built, but the layer has not"


def wheel(name: str, data: bytes = b"answer = 42\n" * 5000, *, copies: int = 1) -> WheelSample:
    """A wheel with one large file, or with several."""
    return WheelSample(name=name, files={f"{name}/data{number}": data for number in range(copies)})


def service(*wheels: tuple[str, bytes]) -> dict[str, str]:
    """A project with the distributions of the wheels in one group."""
    names = [file.split("-")[0] for file, _ in wheels]
    project = PROJECT.replace('["app"]', json.dumps(names))
    packages = [
        Package(name=name, other_keys={"files": [{"file": file, "hash": file_hash(data)}]})
        for name, (file, data) in zip(names, wheels, strict=True)
    ]
    return {"service/pyproject.toml": project, "service/poetry.lock": lock_text(project, packages)}


@pytest.fixture
def index() -> Iterator[Index]:
    """An index on loopback that lists the sizes of files, as PyPI does."""
    with serve(Index(sizes=True)) as served:
        yield served


def new_stack(new_program: NewProgram, index: Index, *samples: WheelSample) -> Stack:
    """A stack of a program with these wheels in its project, and on the index."""
    index.files = {sample.file_name: sample.data() for sample in samples}
    return new_program({"__main__.py": PROGRAM, **service(*index.files.items())}).stack()


def layer_lines(result: Result) -> list[str]:
    """The lines about the layer under "Diagnostics", of the preview and then of the update."""
    return [line.strip() for line in result.text.splitlines() if line.strip().startswith("deps: ")]


def test_line_shows_the_change_its_reason_and_the_expected_size(
    new_program: NewProgram, index: Index, aws: LocalAws
) -> None:
    """Otherwise a reviewer must run `up` to see what a pull request changes, and how large the layer is."""
    dev = new_stack(new_program, index, wheel("app"), wheel("lib", os.urandom(300_000)))
    new_layer = "deps: new layer of 2 packages for python3.12 on x86_64"

    assert layer_lines(dev.preview(POETRY_PYPI_MIRROR_URL=UNREACHABLE)) == [f"{new_layer}; size not known yet"]
    (line_with_size,) = layer_lines(dev.preview(POETRY_PYPI_MIRROR_URL=index.url))
    assert line_with_size.startswith(f"{new_layer}; about 0.3 MiB zipped, 0.3 MiB unzipped")
    assert [headers.get("Range") for path, headers in index.requests if path.startswith("/files/")] == [
        "bytes=-65536",
        "bytes=-65536",
    ]
    assert layer_lines(dev.preview(POETRY_PYPI_MIRROR_URL=UNREACHABLE)) == [line_with_size], "sizes are cached"

    up = dev.up(POETRY_PYPI_MIRROR_URL=index.url)
    assert layer_lines(up) == [line_with_size, f"{new_layer}; built, 0.3 MiB zipped, 0.3 MiB unzipped"]
    assert not (set(up.step(BUILD).new["inputs"]) & {"dry_run", "size"})

    index.requests.clear()
    unchanged = dev.preview(POETRY_PYPI_MIRROR_URL=index.url)
    assert unchanged.unchanged
    assert (layer_lines(unchanged), index.requests) == ([], [])

    dev.set_config("exclude", '["lib"]')
    preview = dev.preview(POETRY_PYPI_MIRROR_URL=UNREACHABLE)
    (line,) = layer_lines(preview)
    assert line.startswith("deps: \N{MINUS SIGN}lib; exclude +lib; exactly ")
    assert preview.ops(BUILD) == ["update"]
    assert "size" not in preview.step(BUILD).detailed_diff
    done = dev.up(skip_preview=True, POETRY_PYPI_MIRROR_URL=UNREACHABLE)
    assert layer_lines(done) == [line.replace("exactly", "built,")]
    assert len(aws.layer_zip("deps", 2)) == dev.outputs()["size"]


def test_lock_file_change_that_keeps_the_layer_is_reported_until_the_next_up(
    new_program: NewProgram, index: Index
) -> None:
    """Otherwise a user does not know whether the change was noticed, or gets the message in every later preview."""
    dev = new_stack(new_program, index, wheel("app"))
    dev.up(skip_preview=True, POETRY_PYPI_MIRROR_URL=index.url)
    lock = (dev.program.folder / "service/poetry.lock").read_text()
    dev.program.write({"service/poetry.lock": f"# a comment\n{lock}"})
    index.requests.clear()

    preview = dev.preview(diff=True, POETRY_PYPI_MIRROR_URL=index.url)
    assert preview.unchanged
    assert layer_lines(preview) == [UNTOUCHED]
    assert preview.text.count(UNTOUCHED) == 1
    assert (preview.ops(BUILD), preview.ops(LAYER)) == (["same"], ["same"])
    assert "lock_digest" not in preview.stdout
    assert layer_lines(dev.up(POETRY_PYPI_MIRROR_URL=index.url)) == [UNTOUCHED], "once, in the preview of the update"
    assert layer_lines(dev.preview(POETRY_PYPI_MIRROR_URL=index.url)) == []
    assert index.requests == []


def test_layer_over_a_limit_fails_the_preview_and_names_the_argument_to_use(
    new_program: NewProgram, index: Index
) -> None:
    """Otherwise the preview succeeds, and AWS refuses the layer in the middle of the deployment."""
    wide, heavy = wheel("wide", bytes(1 << 20), copies=270), wheel("heavy", os.urandom(54 << 20))
    dev = new_stack(new_program, index, wide, heavy)
    dev.set_config("bucket", "artifacts")

    failed = dev.preview(check=False, POETRY_PYPI_MIRROR_URL=index.url)
    assert failed.exit_code != 0
    assert "layer deps: the layer will be about 324.0 MiB unzipped, over Lambda's limit of 250 MiB" in failed.text
    assert "leave packages out with exclude or exclude_runtime, or files with strip:" in failed.text
    assert re.search(r"wide +\d+\.\d+ MiB +270\.0 MiB +270\.0 MiB", failed.text)
    assert "Traceback" not in failed.text

    dev.set_config("exclude", '["wide"]')
    through_bucket = dev.preview(POETRY_PYPI_MIRROR_URL=index.url)
    assert "about 54.0 MiB zipped, 54.0 MiB unzipped" in through_bucket.text

    dev.program.pulumi("config", "rm", "bucket", "--stack", "dev")
    failed = dev.preview(check=False, POETRY_PYPI_MIRROR_URL=index.url)
    assert failed.exit_code != 0
    assert "54.0 MiB zipped, over Lambda's limit of 50 MiB for a direct upload" in failed.text
    assert "publish it through S3 with bucket=, or leave packages out with exclude" in failed.text
    assert not [headers for path, headers in index.requests if path.startswith("/files/") and "Range" not in headers]
