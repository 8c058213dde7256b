"""The target of a layer zip that is built already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import PoetryLayerError, TargetError, problems_of, raise_problems
from pulumi_poetry_layer.inspection.contents import read_layer
from pulumi_poetry_layer.inspection.fits import describe_fits, find_fits
from pulumi_poetry_layer.inspection.layer_zip import open_layer
from pulumi_poetry_layer.layer.completion import (
    complete_values,
    missing_runtime,
    target_of,
    value_problems,
    written_places,
)
from pulumi_poetry_layer.layer.request import read_pyproject
from pulumi_poetry_layer.poetry.layer_defaults import LayerDefaults, read_layer_defaults
from pulumi_poetry_layer.poetry.pyproject import FILE_NAME
from pulumi_poetry_layer.wording import written_at

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_poetry_layer.layer.request import GivenArguments
    from pulumi_poetry_layer.plan.target import Target


def zip_target(path: Path | None, given: GivenArguments) -> tuple[Target, tuple[str, ...]]:
    """The target of a layer zip, and the libraries that its function has.

    There need not be a project; if there is a pyproject.toml, its defaults count. If neither the arguments nor the
    project name a runtime, it is the one that the zip is for, if that is only one.

    Args:
        path: the zip; None if it is not known.
        given: the arguments of the user.

    Raises:
        InputError: the runtime is missing or not supported, or the defaults are wrong.
        ArchiveError: the file does not exist, or is not a zip.
        MultipleInputError: there are several problems.
    """
    defaults, wrong_defaults = _defaults(given)
    wrong_zip = _zip_problems(path)
    with written_at(written_places(given, defaults)):
        values = complete_values(given, defaults)
        problems = [one for problem in value_problems(values) for one in problems_of(problem)]
        if "runtime" not in values and not wrong_defaults:  # else it may be one of these
            try:
                values |= _only_fit(None if wrong_zip else path, given.architecture or defaults.architecture)
            except PoetryLayerError as error:
                problems.append(error)
        raise_problems([*problems, *wrong_defaults, *wrong_zip])
        return target_of(values), values["system_libraries"]


def _zip_problems(path: Path | None) -> list[PoetryLayerError]:
    if path is None:
        return []
    try:
        with open_layer(path):
            return []
    except PoetryLayerError as error:
        return [error]


def _defaults(given: GivenArguments) -> tuple[LayerDefaults, list[PoetryLayerError]]:
    """The defaults of the project as far as they are right, and what is wrong with the others."""
    try:
        if not (given.project_dir / FILE_NAME).is_file():
            return LayerDefaults(), []
        defaults, wrong = read_layer_defaults(read_pyproject(given.project_dir, given.where))
        return defaults, [*wrong]
    except PoetryLayerError as error:
        return LayerDefaults(), [error]


def _only_fit(path: Path | None, architecture: str | None) -> dict[str, str]:
    """The runtime and the architecture that a zip is for.

    Raises:
        TargetError: it is for several, or for none, or it cannot be read.
        ArchiveError: it is not a layer zip.
    """
    if path is None:
        raise missing_runtime()
    all_fits = find_fits(read_layer(path))
    fits = [fit for fit in all_fits if fit.reason is None and architecture in {None, fit.architecture}]
    if len(fits) == 1:
        return {"runtime": fits[0].runtime, "architecture": fits[0].architecture}
    missing = missing_runtime()
    hint = f"{missing.hint}; the zip is for {describe_fits(all_fits)}"
    raise TargetError(missing.what, where=missing.where, hint=hint)
