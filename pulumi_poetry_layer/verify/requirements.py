"""Distributions that a distribution of the layer needs, and that neither the layer nor the runtime has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.markers import InvalidMarker
from packaging.requirements import InvalidRequirement, Requirement

from pulumi_poetry_layer.names import normalized
from pulumi_poetry_layer.plan.runtime_packages import RUNTIME_DISTRIBUTIONS
from pulumi_poetry_layer.poetry.markers import MarkerEnvironment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_poetry_layer.plan.target import Target
    from pulumi_poetry_layer.verify.layer_content import Distribution

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def unmet_requirements(distributions: Sequence[Distribution], target: Target) -> Iterator[tuple[Distribution, str]]:
    """A distribution, and the normalized name of one that it needs on the target and that is nowhere."""
    present = {distribution.name for distribution in distributions} | RUNTIME_DISTRIBUTIONS
    environment = MarkerEnvironment(target.marker_environment)
    for distribution in distributions:
        for text in distribution.requirements:
            name = _NAME.match(text.strip())
            if name and normalized(name[0]) not in present and _applies(text, environment):
                yield distribution, normalized(name[0])


def _applies(text: str, environment: MarkerEnvironment) -> bool:
    try:
        marker = Requirement(text).marker
        return marker is None or environment.holds(str(marker))
    except (InvalidRequirement, InvalidMarker):
        return False  # Poetry ignores a requirement that it cannot read, too
