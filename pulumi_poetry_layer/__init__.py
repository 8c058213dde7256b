"""A Pulumi component that turns poetry.lock into a published AWS Lambda layer version.

``PoetryLayer`` is the component, ``build_layer`` builds a layer zip without Pulumi. Each public name is imported when
it is first used, so that the command line and ``build_layer`` do not load Pulumi.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_poetry_layer.builders.container.builder import ContainerBuilder
    from pulumi_poetry_layer.builders.local import LocalBuilder
    from pulumi_poetry_layer.builders.wheels import WheelBuilder
    from pulumi_poetry_layer.component import PoetryLayer
    from pulumi_poetry_layer.errors import (
        ArchiveError,
        BuildError,
        CacheError,
        ContainerError,
        DownloadError,
        HostError,
        InputError,
        InvocationError,
        LockFileError,
        LoginError,
        MultipleInputError,
        PackageFileError,
        PoetryLayerError,
        ProjectError,
        PublishError,
        SelectionError,
        StaleLockError,
        SubprocessError,
        TargetError,
        UnreachableError,
        VerificationError,
        WheelError,
    )
    from pulumi_poetry_layer.layer.artifact import LayerArtifact
    from pulumi_poetry_layer.layer.build import build_layer
    from pulumi_poetry_layer.matrix import PoetryLayerMatrix

__all__ = [
    "ArchiveError",
    "BuildError",
    "CacheError",
    "ContainerBuilder",
    "ContainerError",
    "DownloadError",
    "HostError",
    "InputError",
    "InvocationError",
    "LayerArtifact",
    "LocalBuilder",
    "LockFileError",
    "LoginError",
    "MultipleInputError",
    "PackageFileError",
    "PoetryLayer",
    "PoetryLayerError",
    "PoetryLayerMatrix",
    "ProjectError",
    "PublishError",
    "SelectionError",
    "StaleLockError",
    "SubprocessError",
    "TargetError",
    "UnreachableError",
    "VerificationError",
    "WheelBuilder",
    "WheelError",
    "build_layer",
]

_MODULES = {
    "ArchiveError": "errors",
    "BuildError": "errors",
    "CacheError": "errors",
    "ContainerBuilder": "builders.container.builder",
    "ContainerError": "errors",
    "DownloadError": "errors",
    "HostError": "errors",
    "InputError": "errors",
    "InvocationError": "errors",
    "LayerArtifact": "layer.artifact",
    "LocalBuilder": "builders.local",
    "LockFileError": "errors",
    "LoginError": "errors",
    "MultipleInputError": "errors",
    "PackageFileError": "errors",
    "PoetryLayer": "component",
    "PoetryLayerError": "errors",
    "PoetryLayerMatrix": "matrix",
    "ProjectError": "errors",
    "PublishError": "errors",
    "SelectionError": "errors",
    "StaleLockError": "errors",
    "SubprocessError": "errors",
    "TargetError": "errors",
    "UnreachableError": "errors",
    "VerificationError": "errors",
    "WheelBuilder": "builders.wheels",
    "WheelError": "errors",
    "build_layer": "layer.build",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
