"""What was found out on this machine before: the plans of layers, and what is known of their archives.

The same two files and the same request give the same plan, and the same segments give the same archive. So both may be
remembered, by the digest of everything that goes into them, this package's own code included. It is a shortcut and
nothing else: what is missing, damaged or cannot be written is worked out anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import packaging

from pulumi_poetry_layer.archive import KnownArchive
from pulumi_poetry_layer.atomic import write_atomically
from pulumi_poetry_layer.build_plan import BuildPlan, Choice, Excluded, LockedFile, PlannedPackage, Source
from pulumi_poetry_layer.cache import cache_folder
from pulumi_poetry_layer.errors import PoetryLayerError
from pulumi_poetry_layer.layer_request import read_project_files
from pulumi_poetry_layer.members import Segment
from pulumi_poetry_layer.target import Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pulumi_poetry_layer.archive import ArchiveSummary
    from pulumi_poetry_layer.build_plan import BuilderIdentity
    from pulumi_poetry_layer.builders import ProjectFiles
    from pulumi_poetry_layer.layer_request import LayerRequest
    from pulumi_poetry_layer.members import Member

_KEPT = 100
"""So many plans and digests are kept, the youngest ones; a plan takes some kilobytes."""


def recall_plan(request: LayerRequest) -> tuple[BuildPlan, ProjectFiles] | None:
    """The plan of a request that was remembered, and the files it was made from; None when there is none."""
    try:
        files = read_project_files(request.project_dir)
    except PoetryLayerError:
        return None  # planning tells the problem, together with the others
    choice = Choice.of(request.groups, request.extras, request.exclude)
    identity = request.builder.identity
    path = _plan_path(files, request.runtime, request.architecture, choice, identity)
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
    if any(package.digest or _holds_login(package.source) for package in plan.packages):
        return  # it depends on more than the two files, or would bring a secret into one more file
    path = _plan_path(files, plan.target.runtime, plan.target.architecture, plan.choice, plan.builder)
    if path.exists():
        return
    _remember(path, {"packages": list(map(_told, plan.packages)), "excluded": list(map(vars, plan.excluded))})


def recall_archive(parts: Sequence[Member | Segment]) -> KnownArchive | None:
    """What is known of the archive of these parts; None when nothing is."""
    path = _archive_path(parts)
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(path.read_bytes()) if path else {}
        return KnownArchive(sha256=str(told["sha256"]), whole=frozenset(map(str, told["whole"])))
    return None


def remember_archive(parts: Sequence[Member | Segment], summary: ArchiveSummary) -> None:
    """Remember what is known of an archive, if all of its parts are segments: these are known by their checksums."""
    if path := _archive_path(parts):
        _remember(path, {"sha256": summary.sha256, "whole": sorted(summary.whole)})


def _remember(path: Path, told: dict[str, Any]) -> None:
    with suppress(OSError):
        write_atomically(path, json.dumps(told).encode())
        remembered = sorted(path.parent.glob("*.json"), key=lambda other: other.stat().st_mtime_ns)
        for old in remembered[:-_KEPT]:
            old.unlink()


def _plan_path(files: ProjectFiles, runtime: str, architecture: str, choice: Choice, builder: BuilderIdentity) -> Path:
    asked = [sorted(names) for names in (choice.groups, choice.extras, choice.exclude)]
    key = [runtime, architecture, asked, builder.kind, sorted(builder.pins.items()), len(files.lock), *_code()]
    return cache_folder("plans") / f"{_sha256(json.dumps(key), files.lock, files.pyproject)}.json"


def _archive_path(parts: Sequence[Member | Segment]) -> Path | None:
    key = [*_code()]
    for part in parts:
        if not isinstance(part, Segment):
            return None
        # The file's name is the digest of what it was made from, its checksums tell what is in it.
        directory = crc32(part.headers + b"\0".join(part.names))
        key.append(f"{part.distribution} {part.path.name} {part.length} {part.crc} {directory}")
    return cache_folder("digests") / f"{_sha256(json.dumps(key))}.json"


@lru_cache(maxsize=1)
def _code() -> tuple[str, ...]:
    """What works things out: this package's files as they are here, the interpreter, the reader of markers and tags."""
    with os.scandir(Path(__file__).parent) as entries:
        ours = sorted((entry.name, entry.stat()) for entry in entries if entry.name.endswith(".py"))
    return sys.version, packaging.__version__, *(f"{name} {found.st_size} {found.st_mtime_ns}" for name, found in ours)


def _sha256(*texts: str) -> str:
    return hashlib.sha256("".join(texts).encode()).hexdigest()


def _holds_login(source: Source | None) -> bool:
    from pulumi_poetry_layer.masking import mask_urls

    return source is not None and mask_urls(source.url) != source.url


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
