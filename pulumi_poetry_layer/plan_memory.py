"""The plans of layers that were built on this machine: the same two files and the same request give the same plan.

A plan is pure, so it may be remembered: by the digest of everything that goes into it, this package's own code
included. It is a shortcut and nothing else: what is missing, damaged or cannot be written is planned anew, and plans
that depend on more than the two files (path dependencies) are not remembered.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import suppress
from pathlib import Path

import packaging

from pulumi_poetry_layer.atomic import write_atomically
from pulumi_poetry_layer.build_plan import BuildPlan, Choice, Excluded, LockedFile, PlannedPackage, Source
from pulumi_poetry_layer.cache import cache_folder
from pulumi_poetry_layer.errors import PoetryLayerError
from pulumi_poetry_layer.layer_request import read_project_files
from pulumi_poetry_layer.target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from pulumi_poetry_layer.build_plan import BuilderIdentity
    from pulumi_poetry_layer.builders import ProjectFiles
    from pulumi_poetry_layer.layer_request import LayerRequest

_KEPT = 100
"""So many plans are kept, the youngest ones; each takes some kilobytes."""


def recall_plan(request: LayerRequest) -> tuple[BuildPlan, ProjectFiles] | None:
    """The plan of a request that was remembered, and the files it was made from; None when there is none."""
    try:
        files = read_project_files(request.project_dir)
    except PoetryLayerError:
        return None  # planning tells the problem, together with the others
    choice = Choice.of(request.groups, request.extras, request.exclude)
    identity = request.builder.identity
    path = _path(files, request.runtime, request.architecture, choice, identity)
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(path.read_bytes())
        plan = BuildPlan(
            target=Target(request.runtime, request.architecture),
            builder=identity,
            choice=choice,
            packages=tuple(map(_package, told["packages"])),
            excluded=tuple(Excluded(**excluded) for excluded in told["excluded"]),
        )
        return plan, files
    return None


def remember_plan(plan: BuildPlan, files: ProjectFiles) -> None:
    """Remember a plan, and forget old ones."""
    if any(package.digest for package in plan.packages):
        return
    path = _path(files, plan.target.runtime, plan.target.architecture, plan.choice, plan.builder)
    if path.exists():
        return
    told = {"packages": list(map(_told, plan.packages)), "excluded": list(map(vars, plan.excluded))}
    with suppress(OSError):
        write_atomically(path, json.dumps(told).encode())
        plans = sorted(path.parent.glob("*.json"), key=lambda plan: plan.stat().st_mtime_ns)
        for old in plans[:-_KEPT]:
            old.unlink()


def _path(files: ProjectFiles, runtime: str, architecture: str, choice: Choice, builder: BuilderIdentity) -> Path:
    asked = [sorted(names) for names in (choice.groups, choice.extras, choice.exclude)]
    key = [runtime, architecture, asked, builder.kind, sorted(builder.pins.items()), len(files.lock), *_code()]
    digest = hashlib.sha256(json.dumps(key).encode())
    digest.update(files.lock.encode())
    digest.update(files.pyproject.encode())
    return cache_folder("plans") / f"{digest.hexdigest()}.json"


def _code() -> Iterator[str]:
    """What planned: this package's files as they are here, the interpreter, and what reads markers and tags."""
    yield sys.version
    yield packaging.__version__
    with os.scandir(Path(__file__).parent) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.endswith(".py"):
                found = entry.stat()
                yield f"{entry.name} {found.st_size} {found.st_mtime_ns}"


def _told(package: PlannedPackage) -> dict[str, Any]:
    told = {name: value for name, value in vars(package).items() if value is not None}
    return told | ({"source": vars(package.source)} if package.source else {})


def _package(told: dict[str, Any]) -> PlannedPackage:
    file, source = told.get("file"), told.get("source")
    return PlannedPackage(
        **{
            "digest": None,
            **told,
            "file": LockedFile(*file) if file else None,
            "source": Source(**source) if source else None,
        }
    )
