"""What depends on the process that declares a layer: a Python program, or the plugin for other languages."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_poetry_layer.kept_versions import KeptVersions
from pulumi_poetry_layer.provider import BuildOutputs, LayerBuild, LayerSbom, SbomOutputs
from pulumi_poetry_layer.publish.kept_hash import keep_hash
from pulumi_poetry_layer.publish.labels import label_in_program
from pulumi_poetry_layer.sdk_internals.program_folder import program_folder

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Seams:
    """The parts of a :class:`PoetryLayer` that a process can have of its own.

    The resources take a name, inputs and options, and are served by the process that declares them, or by a dynamic
    provider.

    Attributes:
        build: declares the resource that builds the zip.
        sbom: declares the resource that describes the packages.
        kept_versions: declares the resource that deletes old versions.
        folder: returns the folder of the program.
        label: returns a name for a layer that no other layer of the program has, for paths and messages.
        keep_hash: returns an archive as soon as transforms cannot remove its hash from a child of a component.
        speaking_for: a context in which lines and errors are those of the resource with this URN.
        output_name: returns what an output is called in the stack's state.
    """

    build: Callable[[str, dict[str, Any], pulumi.ResourceOptions], BuildOutputs]
    sbom: Callable[[str, dict[str, Any], pulumi.ResourceOptions], SbomOutputs]
    kept_versions: Callable[[str, dict[str, Any], pulumi.ResourceOptions], pulumi.CustomResource]
    folder: Callable[[], Path]
    label: Callable[[str], str]
    keep_hash: Callable[[Mapping[str, str], pulumi.Resource], Awaitable[Mapping[str, str]]]
    speaking_for: Callable[[str], AbstractContextManager[None]]
    output_name: Callable[[str], str]


IN_PYTHON_PROGRAM = Seams(
    build=LayerBuild,
    sbom=LayerSbom,
    kept_versions=KeptVersions,
    folder=program_folder,
    label=label_in_program,
    keep_hash=keep_hash,
    speaking_for=lambda _urn: nullcontext(),
    output_name=lambda name: name,
)
"""Everything runs in the process of the program, and the resources are served by dynamic providers."""
