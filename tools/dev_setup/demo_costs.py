"""Says what ``make demo`` fetches, how much that is and how long it takes, before anything is fetched."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dev_setup import engine, poetry, project_venv
from dev_setup.common import cache_folder

PARTS_FOR_A_LAYER = ("demo-venv",)
PARTS_FOR_A_DEPLOYMENT = ("poetry", "engine")
"""The parts of the setup that the two halves of the demo need, and nothing else."""


@dataclass(frozen=True)
class Cost:
    """What it takes to fetch a part, on a machine with two cores that has nothing yet. All sizes are megabytes.

    Attributes:
        what: what is fetched, and to where.
        fetched: how much is downloaded.
        duration: for how long.
        kept: how much of the disk it takes when the demo is over.
        is_ready: whether it is there already.
    """

    what: str
    fetched: int
    duration: str
    kept: int
    is_ready: Callable[[], bool]


COSTS: Mapping[str, Cost] = {
    "demo-venv": Cost("Python packages, into .venv", 70, "1 minute", 320, lambda: project_venv.has("demo")),
    "poetry": Cost(f"Poetry {poetry.VERSION}", 20, "20 seconds", 110, poetry.is_ready),
    "engine": Cost(f"Pulumi {engine.VERSION}", 400, "8 minutes", 130, lambda: engine.executable_folder() is not None),
}
_ENGINE_WORKSPACE = 3600

_INTRODUCTION = """\
This demo makes a Lambda layer of examples/quickstart/poetry.lock, and deploys it with Pulumi.

AWS is a stand-in on this machine: moto, a server in Python, and a small plugin in the place of Pulumi's AWS plugin.
Nothing reaches an account of yours. The same program runs against your account, with Pulumi and your AWS login:

    . .venv/bin/activate && pulumi stack init prod && pulumi up
"""

_PLACES = """\
All of it goes into this folder and into {folder}.
The caches of pip, Go and Poetry stay as they are."""

_PULUMI = """\
Pulumi comes from its installer. If that cannot be reached, it is built with Go: this takes most of the time, and
{workspace:.1f} GB of the disk until it is ready. {free:.1f} GB are free."""

_END = "The first layer comes after the Python packages. Ctrl-C stops the demo, and `make demo` goes on from there.\n"


def announcement() -> str:
    """Return the first screen of the demo."""
    missing = [COSTS[part] for part in (*PARTS_FOR_A_LAYER, *PARTS_FOR_A_DEPLOYMENT) if not COSTS[part].is_ready()]
    if not missing:
        return f"{_INTRODUCTION}\nEverything that it needs is here. It takes a minute.\n"
    text = [_INTRODUCTION, _table(missing), _PLACES.format(folder=cache_folder())]
    if COSTS["engine"] in missing:
        text.append(_PULUMI.format(workspace=_ENGINE_WORKSPACE / 1000, free=_free() / 1000))
    return "\n".join([*text, _END])


def _table(missing: Sequence[Cost]) -> str:
    head = f"    {'It fetches':32}{'download':>10}{'on the disk':>14}   takes, on two cores"
    rows = [f"    {cost.what:32}{cost.fetched:>7} MB{cost.kept:>11} MB   {cost.duration}" for cost in missing]
    fetched, kept = sum(cost.fetched for cost in missing), sum(cost.kept for cost in missing)
    in_all = f"    {'in all':32}{fetched:>7} MB{kept:>11} MB"
    return "\n".join([head, *rows, in_all, ""])


def _free() -> int:
    """The free space of the disk of the cache folder, in megabytes."""
    folder = next(folder for folder in (cache_folder(), *cache_folder().parents) if folder.exists())
    return shutil.disk_usage(folder).free // 1_000_000
