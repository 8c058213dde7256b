"""The folder with the zips of a program: ``.poetry-layer`` beside the program, or the one that the user has named."""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi

from pulumi_poetry_layer.arguments import is_mocked
from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.host.cache import cache_folder, make_cache_folder
from pulumi_poetry_layer.layer.stack_credentials import NAMESPACE
from pulumi_poetry_layer.layer.zip_store import put_placeholder, remove_leftovers
from pulumi_poetry_layer.publish.archive_hash import file_name, zip_path
from pulumi_poetry_layer.wording import argument, keyword

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_poetry_layer.publish.seams import Seams

BUILD_FOLDER = ".poetry-layer"
"""The default, relative to the program."""

_KEY = "buildDir"


@dataclass(frozen=True, kw_only=True)
class ZipPlace:
    """Where the zip of a layer is, or will be.

    Attributes:
        path: the path in the resources. It is relative to the program, because the state of a stack must not contain a
            folder of this machine, unless the zip is outside of the program's folder.
        file: the absolute path.
        label: name of the layer in the path, different from those of the other layers of the program.
    """

    path: str
    file: Path
    label: str


def place_zip(name: str, fingerprint: str, build_dir: str | os.PathLike[str] | None, seams: Seams) -> ZipPlace:
    """Choose the path of a layer's zip, and make sure that there is a file: the zip, or a placeholder until the end.

    Args:
        name: name of the layer.
        fingerprint: the fingerprint of the plan.
        build_dir: the argument of the component; None for the stack's configuration or the default.
        seams: what depends on this process.

    Raises:
        InputError: no folder is writable.
    """
    problems = []
    label = seams.label(name)
    for folder in _folders(build_dir):
        path = zip_path(label, fingerprint, stack=pulumi.get_stack(), folder=folder)
        place = ZipPlace(path=path, file=seams.folder() / path, label=label)
        if is_mocked():
            return place
        try:
            is_update = not pulumi.runtime.is_dry_run()
            if is_update:
                remove_leftovers(place.file)
            make_cache_folder(place.file.parent)
            atexit.register(put_placeholder(place.file, replace_placeholder=is_update))
        except (OSError, ValueError) as error:  # also for a name that no folder can have
            problems.append(f"{folder}: {getattr(error, 'strerror', None) or error}")
        else:
            return place
    raise InputError(
        f"no folder for the zip is writable ({'; '.join(problems)})",
        where=argument("build_dir"),
        hint=f"set {keyword('build_dir')}, or run `pulumi config set {NAMESPACE}:{_KEY} <folder>`",
    )


def _folders(build_dir: str | os.PathLike[str] | None) -> Iterator[str]:
    """The build folders to try, as paths relative to the program."""
    named = build_dir or pulumi.Config(NAMESPACE).get(_KEY)
    project = file_name(pulumi.get_project())
    if named:
        # The projects of a repository may share the folder.
        yield f"{Path(named).expanduser().as_posix()}/{project}"
        return
    yield BUILD_FOLDER
    yield (cache_folder("zips") / project).as_posix()  # for a checkout that is read-only
