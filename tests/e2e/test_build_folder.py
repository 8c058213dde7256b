"""The folder with the zips: what a preview leaves, renamed stacks, read-only checkouts, and where the program is."""

from __future__ import annotations

import sys
from pathlib import Path

from .harness import LocalAws, Program, Stack
from .harness.one_layer import BUILD, LAYER, PROGRAM, RUNTIME, NewProgram, project_files

AUTOMATION = f"""\
import sys
from pulumi import automation
from pulumi_poetry_layer import PoetryLayer

settings = automation.ProjectSettings(name="inline", runtime="python", main=sys.argv[1])
stack = automation.create_or_select_stack(
    "dev",
    project_name="inline",
    program=lambda: PoetryLayer("deps", project_dir="../service", runtime="{RUNTIME}") and None,
    opts=automation.LocalWorkspaceOptions(project_settings=settings),
)
stack.up()
print(stack.preview().change_summary)
"""


def files_in(folder: Path) -> list[str]:
    """The files and folders below a folder, without digits of fingerprints."""
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    return sorted(path.partition("-")[0] + (".zip.json" if path.endswith(".json") else "") for path in paths)


def test_preview_and_unchanged_update_leave_no_file(new_program: NewProgram, tmp_path: Path) -> None:
    """Otherwise each fingerprint that was only previewed leaves an empty file for good."""
    stack = new_program({"__main__.py": PROGRAM, **project_files("base")}).stack()
    stack.preview()
    assert not (stack.program.folder / ".poetry-layer").exists()
    stack.up(skip_preview=True)
    runner = stack.on(stack.program.checkout(tmp_path / "runner"))
    assert runner.up(skip_preview=True).unchanged
    assert not (runner.program.folder / ".poetry-layer").exists()
    stack.destroy()
    assert not (stack.program.folder / ".poetry-layer").exists()


def test_renamed_stack_leaves_nothing_and_does_not_touch_a_new_stack_of_its_old_name(
    new_program: NewProgram, aws: LocalAws
) -> None:
    """Otherwise zips stay under the old name for good, or an update removes the zip of the new stack."""
    program = new_program({"__main__.py": PROGRAM, **project_files("base")})
    folder = program.folder / ".poetry-layer"
    renamed = program.stack("dev")
    renamed.up(skip_preview=True)
    program.pulumi("stack", "rename", "prod", "--stack", "dev")
    renamed, new = Stack(program=program, name="prod"), program.stack("dev")
    new.up(skip_preview=True)

    program.write(project_files("package_changed"))
    renamed.up(skip_preview=True)
    assert files_in(folder / "dev") == ["deps", "deps.zip.json"]
    new.destroy()
    assert not (folder / "dev").exists()
    renamed.destroy()
    assert not folder.exists()


def test_read_only_checkout_uses_a_folder_in_the_cache(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise every command on a read-only checkout ends in a traceback, even if nothing changes."""
    stack = new_program({"__main__.py": PROGRAM, **project_files("base")}).stack()
    (stack.program.folder / ".poetry-layer").touch()  # a folder cannot be created here, even by root
    assert stack.preview().ops(BUILD) == ["create"]
    stack.up(skip_preview=True)
    assert aws.layer_versions("deps-dev") == [1]
    assert stack.preview().unchanged
    (zip_file,) = stack.program.machine.home.rglob("deps-*.zip")
    assert zip_file.parts[-4:-1] == ("zips", "program", "dev")

    stack.set_config("poetry-layer:buildDir", "../zips")
    stack.set_config("description", "another folder")
    assert stack.up(skip_preview=True).ops(LAYER).count("create-replacement") == 1
    assert files_in(stack.program.folder.parent / "zips") == [
        "program",
        "program/.gitignore",
        "program/dev",
        "program/dev/deps",
        "program/dev/deps.zip.json",
    ]


def check_inline_program(program: Program, python: str | Path) -> None:
    """Deploy with the Automation API, with `main` in another folder; the zip must be where the AWS plugin looks."""
    program.write({"tool/__main__.py": AUTOMATION, "infra/.keep": "", **project_files("base")})
    infra, environment = program.folder / "infra", {"PULUMI_BACKEND_URL": program.backend.as_uri()}
    program.backend.mkdir(exist_ok=True)
    with program.machine.aws_plugin({**program.machine.environment, **environment}, infra) as more:
        command = [str(python), "tool", str(infra)]
        done = program.machine.run(command, cwd=program.folder, env={**environment, **more})
    assert done.stdout == "{'same': 4}\n", done.stderr
    assert program.machine.aws.layer_versions("deps-dev") == [1]
    assert files_in(infra / ".poetry-layer/dev") == ["deps", "deps.zip.json"]


def test_inline_program_with_main_in_another_folder_publishes_the_layer(new_program: NewProgram) -> None:
    """Otherwise the zip is built in the working directory, and the AWS plugin looks for it in the folder of `main`."""
    check_inline_program(new_program({}), sys.executable)
