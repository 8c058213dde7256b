"""Invoke a function with a layer on the emulator, and import the modules of a layer there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pulumi_poetry_layer.emulator.function import running_function
from pulumi_poetry_layer.errors import InputError, raise_problems
from pulumi_poetry_layer.host.cleanup import temporary_folder
from pulumi_poetry_layer.inspection.contents import read_contents
from pulumi_poetry_layer.inspection.layer_zip import open_layer
from pulumi_poetry_layer.verify.findings import Finding
from pulumi_poetry_layer.verify.modules import top_level_modules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pulumi_poetry_layer.emulator.answers import Answer, FunctionError
    from pulumi_poetry_layer.emulator.interpreter import Interpreter
    from pulumi_poetry_layer.plan.target import Target

_IMPORT_SECONDS = 120
_IMPORT_MODULE = "pulumi_poetry_layer_import"
_IMPORT_CODE = """\
import importlib

def handler(event, context):
    importlib.import_module(event)
"""
_MISSING_MODULE = "ModuleNotFoundError"


def invoke_function(
    layer: Path,
    target: Target,
    interpreter: Interpreter,
    *,
    task: Path,
    handler: str,
    event: object,
    timeout: int,
    show_line: Callable[[str], None],
    variables: Mapping[str, str] | None = None,
) -> Answer:
    """Invoke a function once that has a layer.

    Args:
        layer: the layer zip.
        target: the runtime and the architecture.
        interpreter: the Python of this machine for them.
        task: the folder with the code of the function.
        handler: the handler: ``module.function``.
        event: the event, a JSON value.
        timeout: seconds that the invocation may take.
        show_line: is called in another thread with each line of the function's log.
        variables: further environment variables of the function.

    Raises:
        ArchiveError: the layer is not a zip.
        InputError: the task is not a folder.
        HostError: this machine cannot run the function.
        SubprocessError: a program is missing or failed.
        InvocationError: the emulator does not work.
    """
    raise_problems(task_problems(task))
    with (
        _unpacked(layer) as folder,
        running_function(
            target,
            interpreter,
            layer=folder,
            task=task,
            handler=handler,
            timeout=timeout,
            show_line=show_line,
            variables=variables,
        ) as function,
    ):
        return function.invoke(event)


def task_problems(task: Path) -> Iterator[InputError]:
    """Check the folder with the code of a function."""
    if not task.is_dir():
        yield InputError("is not a folder", where=str(task), hint="give the folder with the code of the function")


@contextmanager
def _unpacked(layer: Path) -> Iterator[Path]:
    """A temporary folder with the content of a layer."""
    with temporary_folder() as folder:
        with open_layer(layer) as archive:
            for member in archive.infolist():
                path = archive.extract(member, folder)
                if (mode := member.external_attr >> 16 & 0o777) and not member.is_dir():
                    (folder / path).chmod(mode)
        yield folder


def import_modules(layer: Path, target: Target, interpreter: Interpreter) -> tuple[list[str], list[Finding]]:
    """Import each top-level module of a layer on the emulator.

    A function can lack a module that another layer or its own code brings, so that is a warning.

    Args:
        layer: the layer zip.
        target: the runtime and the architecture.
        interpreter: the Python of this machine for them.

    Returns:
        The names of the modules that were imported, and what failed.

    Raises:
        ArchiveError: the layer is not a zip.
        HostError: this machine cannot run the function.
        SubprocessError: a program is missing or failed.
        InvocationError: the emulator does not work.
    """
    with open_layer(layer) as archive:
        modules = list(top_level_modules(read_contents(archive).visible_to(target.runtime), target))
    imported, findings = [], []
    with _unpacked(layer) as folder, temporary_folder() as task:
        (task / f"{_IMPORT_MODULE}.py").write_text(_IMPORT_CODE, encoding="utf-8")
        with running_function(
            target,
            interpreter,
            layer=folder,
            task=task,
            handler=f"{_IMPORT_MODULE}.handler",
            timeout=_IMPORT_SECONDS,
            show_line=lambda _: None,  # the findings say what failed
        ) as function:
            for distribution, module in modules:
                if error := function.invoke(module).error:
                    findings.append(import_finding(distribution.label, module, error))
                else:
                    imported.append(module)
    return imported, findings


def import_finding(package: str, module: str, error: FunctionError) -> Finding:
    """What a failed import says about a distribution.

    Args:
        package: name and version of the distribution.
        module: the module that was imported.
        error: why that failed.
    """
    is_missing = error.type == _MISSING_MODULE
    return Finding(
        package=package,
        file=None,
        problem=f"`import {module}` fails: {error}",
        hint="depend on a distribution that has this module, unless the function or another layer has it"
        if is_missing
        else "lock another version of the distribution, or exclude it",
        is_error=not is_missing,
    )
