"""Plans and layers as the JSON documents that the command line prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.masking import mask_address, mask_urls

if TYPE_CHECKING:
    from typing import Any

    from pulumi_poetry_layer.layer.artifact import LayerArtifact
    from pulumi_poetry_layer.plan.build_plan import BuildPlan
    from pulumi_poetry_layer.plan.target import Target
    from pulumi_poetry_layer.poetry.locked import LockedFile, LockedSource


def plan_document(plan: BuildPlan) -> dict[str, Any]:
    """A plan as ``plan --json`` prints it. The names and types of the keys are a stable interface."""
    return {
        "fingerprint": plan.fingerprint,
        "target": target_document(plan.target),
        "builder": plan.builder.kind,
        "packages": [
            {
                "name": package.name,
                "version": package.version,
                "file": package.file.name if package.file else None,
                **_hash_document(package.file),
                "source": _source_document(package.source),
            }
            for package in plan.packages
        ],
        "excluded": [
            {"name": excluded.name, "version": excluded.version, "reason": excluded.reason}
            for excluded in plan.excluded
        ],
    }


def target_document(target: Target) -> dict[str, str]:
    """A target in a document."""
    return {"runtime": target.runtime, "architecture": target.architecture}


def _hash_document(file: LockedFile | None) -> dict[str, str | None]:
    """The hash of a file under the key ``sha256``; another one is under ``hash``, with its algorithm."""
    if file is None or file.hash.startswith("sha256:"):
        return {"sha256": file.hash.removeprefix("sha256:") if file else None}
    return {"sha256": None, "hash": file.hash}


def _source_document(source: LockedSource | None) -> dict[str, str]:
    if source is None:
        return {"type": "pypi"}
    values = {
        "type": source.type,
        "url": mask_address(source.url),
        "reference": source.reference and mask_urls(source.reference),
        "resolved_reference": source.resolved_reference,
        "subdirectory": source.subdirectory,
    }
    return {key: value for key, value in values.items() if value is not None}


def artifact_document(artifact: LayerArtifact) -> dict[str, Any]:
    """A built layer as ``build --json`` prints it. The names and types of the keys are a stable interface."""
    return {
        "fingerprint": artifact.fingerprint,
        "path": str(artifact.path),
        "sha256": artifact.sha256,
        "size": artifact.size,
        "unzipped_size": artifact.unzipped_size,
        **({"bytecode": artifact.bytecode} if artifact.bytecode else {}),
        "packages": [vars(package) for package in artifact.packages],
    }
