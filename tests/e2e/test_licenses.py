"""The licenses of the packages in AWS, and the software bill of materials, with the real engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from .harness import LocalAws, Machine, Stack
from .harness.one_layer import BUILD, LAYER, RUNTIME, NewProgram, project_files

SBOM = "pulumi-python:dynamic/poetry-layer:LayerSbom"

PROGRAM = f"""\
import pulumi
from pulumi_poetry_layer import PoetryLayer

config = pulumi.Config()
deps = PoetryLayer(
    "deps",
    project_dir="service",
    runtime="{RUNTIME}",
    layer_name="deps",
    license_info=config.get("license"),
    sbom=bool(config.get_bool("sbom")),
)
pulumi.export("sbom", deps.sbom)
"""


def new_stack(new_program: NewProgram) -> Stack:
    """A stack of the program with the base project."""
    return new_program({"__main__.py": PROGRAM, **project_files("base")}).stack()


def on_a_fresh_runner(stack: Stack, new_machine: Callable[[str], Machine], folder: Path) -> Stack:
    """The stack on another machine, without the zip."""
    return stack.on(stack.program.checkout(folder / "runner", machine=new_machine("runner")))


def published_license(aws: LocalAws, version: int) -> str:
    """The license of a layer version, as AWS returns it."""
    return str(aws.functions().get_layer_version(LayerName="deps", VersionNumber=version)["LicenseInfo"])


def test_licenses_of_the_packages_are_published_and_a_fresh_runner_previews_unchanged(
    new_program: NewProgram, new_machine: Callable[[str], Machine], tmp_path: Path, aws: LocalAws
) -> None:
    """Otherwise a user must collect the licenses, or every CI runner publishes the layer again."""
    stack = new_stack(new_program)
    stack.up(skip_preview=True)
    assert published_license(aws, 1) == "BSD License, MIT"
    runner = on_a_fresh_runner(stack, new_machine, tmp_path)
    assert runner.preview().unchanged
    assert not (runner.program.folder / ".poetry-layer").exists()

    stack.program.write(project_files("package_changed"))
    assert stack.preview().step(LAYER, "replace").replaced_by == ("code", "licenseInfo")
    stack.up(skip_preview=True)
    assert published_license(aws, 2) == "BSD License, MIT"
    assert stack.preview().unchanged

    stack.set_config("license", "Proprietary")
    assert stack.up().step(LAYER, "replace").replaced_by == ("licenseInfo",)
    assert published_license(aws, 3) == "Proprietary"


def test_state_without_licenses_stays_unchanged_until_the_packages_change(
    new_program: NewProgram, tmp_path: Path, aws: LocalAws
) -> None:
    """Otherwise every user who upgrades this package publishes all layers again."""
    stack = new_stack(new_program)
    stack.set_config("license", "")
    stack.up(skip_preview=True)
    without_licenses(stack, tmp_path / "state.json")
    stack.program.pulumi("config", "rm", "license", "--stack", stack.name)

    preview = stack.preview(diff=True)
    assert preview.unchanged, preview
    assert stack.up().unchanged
    assert stack.preview().unchanged
    assert aws.layer_versions("deps") == [1]

    stack.program.write(project_files("package_changed"))
    stack.up()
    assert published_license(aws, 2) == "BSD License, MIT"
    assert stack.preview().unchanged


def without_licenses(stack: Stack, file: Path) -> None:
    """Make the state one of a release that did not record licenses."""
    stack.program.pulumi("stack", "export", "--file", str(file), "--stack", stack.name)
    state = json.loads(file.read_text())
    (build,) = [one for one in state["deployment"]["resources"] if one["type"] == BUILD]
    assert build["outputs"].pop("licenses") == "BSD License, MIT"
    file.write_text(json.dumps(state))
    stack.program.pulumi("stack", "import", "--file", str(file), "--stack", stack.name)


def test_sbom_can_be_asked_for_later_and_every_machine_has_it(
    new_program: NewProgram, new_machine: Callable[[str], Machine], tmp_path: Path, aws: LocalAws
) -> None:
    """Otherwise asking for the document publishes the layer again, or a CI runner has no document."""
    stack = new_stack(new_program)
    stack.up(skip_preview=True)
    runner = on_a_fresh_runner(stack, new_machine, tmp_path)
    runner.set_config("sbom", "true")
    preview = runner.preview()
    assert (preview.ops(SBOM), preview.ops(BUILD), preview.ops(LAYER)) == (["create"], ["same"], ["same"])
    runner.up(skip_preview=True)

    text = runner.outputs()["sbom"]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert [one["bom-ref"] for one in json.loads(text)["components"]] == ["idna==3.10", "six==1.16.0"]
    stack.set_config("sbom", "true")
    assert stack.preview().unchanged
    assert stack.outputs()["sbom"] == text
    assert aws.layer_versions("deps") == [1]

    stack.program.write(project_files("package_changed"))
    stack.up(skip_preview=True)
    assert "six==1.17.0" in stack.outputs()["sbom"]
    assert stack.up().unchanged
