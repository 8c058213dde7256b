"""``python -m benchmarks.container``: how much time the caches of the container builder save.

It clears the images and the volume that the container builder keeps in Docker, so do not run it during a build.
Packages are downloaded, so the time of a first build depends on the network too. The table goes to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from pypi_simple import PYPI_SIMPLE_ENDPOINT

from pulumi_poetry_layer import ContainerBuilder, build_layer
from pulumi_poetry_layer.builders.container.container import CACHE_VOLUME
from pulumi_poetry_layer.builders.container.daemon import connect
from pulumi_poetry_layer.builders.container.docker_cache import clear_docker_cache

REPOSITORY = Path(__file__).resolve().parents[1]
FIXTURES = REPOSITORY / "benchmarks" / "fixtures"
PAGE = REPOSITORY / "docs" / "benchmarks.md"
BEGIN, END = "<!-- container: written by python -m benchmarks.container -->", "<!-- /container -->"
"""Marks around the part of the page that is replaced."""

RUNTIME = "python3.13"
_WARM_ROUNDS = 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the section and put it into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="benchmarks.container", description=__doc__)
    parser.add_argument("--network", help="the Docker network of the containers")
    parser.add_argument("--fixtures", nargs="+", default=["small", "medium"])
    options = parser.parse_args(arguments)
    os.environ.setdefault("POETRY_PYPI_MIRROR_URL", PYPI_SIMPLE_ENDPOINT)
    rows = [row(fixture, ContainerBuilder(network=options.network)) for fixture in options.fixtures]
    text = section(rows)
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else "# Benchmarks\n\n"
    before, begin, rest = page.partition(BEGIN)
    after = rest.partition(END)[2] if begin else "\n"
    PAGE.write_text(f"{before}{BEGIN}\n{text}{END}{after}", encoding="utf-8")
    print(text)


def row(fixture: str, builder: ContainerBuilder) -> str:
    """The row of a fixture in the table."""
    clear_docker_cache()
    first = seconds(fixture, builder)
    with connect() as client:
        client.volumes.get(CACHE_VOLUME).remove()
    without_caches = seconds(fixture, builder)
    warm = statistics.median(seconds(fixture, builder) for _ in range(_WARM_ROUNDS))
    return f"| {fixture} | {first:.1f} | {without_caches:.1f} | {warm:.1f} | {first / warm:.1f} |"


def seconds(fixture: str, builder: ContainerBuilder) -> float:
    """Seconds that a build takes."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "layer.zip"
        started = time.perf_counter()
        build_layer(project_dir=FIXTURES / fixture, runtime=RUNTIME, builder=builder, output=output)
        return time.perf_counter() - started


def section(rows: Sequence[str]) -> str:
    """The section of docs/benchmarks.md."""
    table = "\n".join(rows)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return f"""\
## Container builder: the first build and later ones

`python -m benchmarks.container`, {today}, {os.cpu_count()} cores ({platform.machine()}), {RUNTIME}; seconds per build.
"First" makes the image with Poetry and downloads every package. "Caches empty" uses that image and downloads every
package. "Warm" uses the image and the caches (median of {_WARM_ROUNDS}). The daemon already had the build image.

| fixture | first | caches empty | warm | first ÷ warm |
|---|---:|---:|---:|---:|
{table}
"""


if __name__ == "__main__":
    main()
