"""Plan a layer, then build it and print how many seconds the build took."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.layer.build import build_planned
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest


def main(project: str, runtime: str, cache: str, output: str) -> None:
    """Plan, then measure the build.

    Args:
        project: folder of pyproject.toml and poetry.lock.
        runtime: the runtime, such as ``python3.13``.
        cache: cache folder of the contestant.
        output: path of the layer zip.
    """
    builder = WheelBuilder(cache_dir=str(Path(cache) / "cache" / "wheels"))
    plan, files = plan_request(LayerRequest(project_dir=Path(project), runtime=runtime, builder=builder))
    started = time.perf_counter()
    build_planned(plan, files, builder, Path(output))
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
