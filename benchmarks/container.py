"""``python -m benchmarks.container``: what the container builder's caches save, for docs/benchmarks.md.

It clears what the container builder keeps in Docker, so it is not to run beside a build. Packages come from the index
of the machine, so a first build tells as much of the network as of the builder.
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
"""Marks around what is replaced in the page; the rest of the page is left alone."""

RUNTIME = "python3.13"
_WARM_ROUNDS = 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the report."""
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
    """A fixture's row of the table."""
    clear_docker_cache()
    first = seconds(fixture, builder)
    with connect() as client:
        client.volumes.get(CACHE_VOLUME).remove()
    without_caches = seconds(fixture, builder)
    warm = statistics.median(seconds(fixture, builder) for _ in range(_WARM_ROUNDS))
    return f"| {fixture} | {first:.1f} | {without_caches:.1f} | {warm:.1f} | {first / warm:.1f} |"


def seconds(fixture: str, builder: ContainerBuilder) -> float:
    """How long a build takes."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "layer.zip"
        started = time.perf_counter()
        build_layer(project_dir=FIXTURES / fixture, runtime=RUNTIME, builder=builder, output=output)
        return time.perf_counter() - started


def section(rows: Sequence[str]) -> str:
    """The page's section."""
    table = "\n".join(rows)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return f"""\
## Container builder: the first build and later ones

`python -m benchmarks.container`, {today}, {os.cpu_count()} cores ({platform.machine()}), {RUNTIME}; seconds per build.
"First" makes the image with Poetry and fetches every package, "caches empty" finds that image and fetches every
package, "warm" finds both (median of {_WARM_ROUNDS}). The build image itself was there all the time.

| fixture | first | caches empty | warm | first ÷ warm |
|---|---:|---:|---:|---:|
{table}
"""


if __name__ == "__main__":
    main()
