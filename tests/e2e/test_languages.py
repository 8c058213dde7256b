"""The examples in TypeScript, YAML and Go, with the real engine, its language hosts and the plugin of the wheel."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from .harness import LocalAws, Machine, Program, Toolchain
from .harness.aws import REGION
from .harness.examples import copy_example
from .harness.languages import GO_MODULE, Sdks, generate, run, tsc
from .harness.one_layer import LAYER, OBJECT, UNREACHABLE, project_files, without_poetry
from .harness.toolchain import REPOSITORY
from .test_examples import answers

BUILD = "poetry-layer:index:LayerBuild"
FUNCTION = "aws:lambda/function:Function"
LANGUAGES = [
    "yaml",
    pytest.param("typescript", marks=pytest.mark.thorough),
    pytest.param("go", marks=pytest.mark.thorough),
]
CHANGED = "deps: +idna 3.10, +six 1.16.0, −aws-lambda-powertools, −jmespath, −typing-extensions; about"  # noqa: RUF001


@pytest.fixture(scope="session")
def sdks(tmp_path_factory: pytest.TempPathFactory, toolchain: Toolchain, aws_server: LocalAws) -> Sdks:
    """The SDKs of the plugin's schema."""
    toolchain.require_languages()
    folder = tmp_path_factory.mktemp("sdks")
    return generate(Machine(root=folder / "machine", toolchain=toolchain, aws=aws_server), folder)


@pytest.fixture
def new_example(tmp_path: Path, new_machine: Callable[[str], Machine], sdks: Sdks) -> Callable[[str], Program]:
    """Make a program of an example, in a copy of its folder."""

    def make(language: str) -> Program:
        checkout = copy_example(language, tmp_path / "checkout")
        program = Program(folder=checkout, backend=tmp_path / "backend", machine=new_machine("laptop"))
        sdks.install(program.folder, program.machine)
        return program

    return make


@pytest.mark.parametrize("language", LANGUAGES)
def test_example_lives_from_preview_to_destroy(
    language: str,
    new_example: Callable[[str], Program],
    new_machine: Callable[[str], Machine],
    sdks: Sdks,
    aws: LocalAws,
    tmp_path: Path,
) -> None:
    """Otherwise a layer is published wrongly, too often or never if the program is not in Python."""
    stack = new_example(language).stack()
    preview = stack.preview()
    assert preview.ops(BUILD) == preview.ops(LAYER) == preview.ops(FUNCTION) == ["create"]
    assert "deps: new layer of 3 packages for python3.13 on x86_64" in preview.text
    assert aws.layer_versions("deps-dev") == []

    up = stack.up(skip_preview=True)
    assert "deps: new layer of 3 packages for python3.13 on x86_64; built" in up.text
    outputs = stack.outputs()
    assert set(outputs["packages"]) == {"aws-lambda-powertools", "jmespath", "typing-extensions"}
    state = stack.resources()
    published = aws.layer_zip("deps-dev", 1)
    assert hashlib.sha256(published).digest() == b64decode(state["deps"]["outputs"]["codeSha256"])
    assert hashlib.sha256(published).hexdigest() == state["deps-build"]["outputs"]["sha256"]
    assert state["greet"]["outputs"]["layers"] == [outputs["layer"]]
    assert answers(aws, REGION, stack.program.machine, {"name": "Ada"}) == ["Hello, Ada!"]
    assert str(tmp_path) not in json.dumps(list(state.values()))
    assert stack.preview().unchanged

    runner = stack.on(stack.program.checkout(tmp_path / "runner", machine=new_machine("runner")))
    sdks.install(runner.program.folder, runner.program.machine)
    path = without_poetry(runner)
    assert runner.preview(PATH=path, POETRY_PYPI_MIRROR_URL=UNREACHABLE).unchanged
    assert runner.up(PATH=path, POETRY_PYPI_MIRROR_URL=UNREACHABLE).unchanged
    assert not (runner.program.folder / ".poetry-layer").exists(), "nothing is built if nothing has changed"

    stack.program.write({Path(name).name: text for name, text in project_files("base").items()})
    preview = stack.preview()
    assert CHANGED in preview.text
    assert preview.ops(BUILD) == ["update"]
    assert set(preview.step(LAYER, "replace").replaced_by) == {"code", "licenseInfo"}
    stack.up(skip_preview=True)
    assert aws.layer_versions("deps-dev") == [2]
    assert set(stack.outputs()["packages"]) == {"idna", "six"}
    assert stack.preview(refresh=True).unchanged

    stack.destroy()
    assert aws.layer_versions("deps-dev") == []
    assert stack.resources() == {}


def test_yaml_program_publishes_through_a_bucket_of_its_own(
    new_program: Callable[..., Program], toolchain: Toolchain, aws: LocalAws
) -> None:
    """Otherwise a layer over 50 MiB cannot be deployed by a program that is not in Python."""
    toolchain.require_languages()
    program = f"{shown_on('yaml')[1]}plugins:\n  providers: [{{name: poetry-layer, path: {toolchain.python}}}]\n"
    stack = new_program({"Pulumi.yaml": program, **project_files("base")}).stack()
    preview = stack.preview()
    assert preview.ops(OBJECT) == ["create"], "the bucket has no name yet"
    assert "pulumi-resource-poetry-layer from $PATH" not in preview.text, "the folder in Pulumi.yaml is used"
    stack.up(skip_preview=True)
    outputs = stack.outputs()
    key = f"layers/deps-dev/{outputs['fingerprint']}.zip"
    stored = aws.storage().get_object(Bucket=outputs["bucket"], Key=key)["Body"].read()
    assert hashlib.sha256(stored).digest() == b64decode(stack.resources()["deps"]["outputs"]["codeSha256"])
    assert stack.preview().unchanged

    stack.program.write(project_files("package_changed"))
    assert stack.up(skip_preview=True).ops(LAYER).count("replace") == 1
    assert aws.layer_versions("deps-dev") == [2]
    stack.destroy()
    assert aws.layer_versions("deps-dev") == []


def test_yaml_program_has_a_layer_for_each_target(
    new_program: Callable[..., Program], toolchain: Toolchain, aws: LocalAws
) -> None:
    """Otherwise the program of the page about YAML cannot be copied."""
    toolchain.require_languages()
    stack = new_program({"Pulumi.yaml": shown_on("yaml")[2], **project_files("base")}).stack()
    assert stack.up(skip_preview=True).ops(LAYER) == ["create"] * 4
    assert stack.outputs()["layer"].endswith(":layer:deps-python313-arm64-dev:1")


def test_programs_of_the_page_compile_in_strict_typescript(new_example: Callable[[str], Program]) -> None:
    """Otherwise a TypeScript program with a ``PoetryLayer`` does not compile, or a mistake in it is found too late."""
    program = new_example("typescript")
    settings = program.folder / "tsconfig.json"
    assert '"strict": true' in settings.read_text("utf-8")
    programs = {f"{number}.ts": text for number, text in enumerate(shown_on("typescript"))}
    files = json.dumps(["index.ts", *programs])
    program.write({**programs, "tsconfig.json": settings.read_text("utf-8").replace('["index.ts"]', files)})
    tsc(program.machine, program.folder, "--noEmit")

    program.write({"index.ts": WRONG_TYPES})
    with pytest.raises(AssertionError) as refused:
        tsc(program.machine, program.folder, "--noEmit")
    for expected in ("'projectDirectory' does not exist", "Type 'number' is not assignable to type 'string"):
        assert expected in str(refused.value)


WRONG_TYPES = """\
import { PoetryLayer } from "pulumi-poetry-layer";

new PoetryLayer("misspelt", { projectDirectory: "service", runtime: "python3.13" });
new PoetryLayer("wrong", { projectDir: "service", runtime: 3.13 });
"""


@pytest.mark.thorough
def test_sdk_and_programs_of_the_page_build_and_pass_vet_in_go(new_example: Callable[[str], Program]) -> None:
    """Otherwise a Go program with a ``PoetryLayer`` does not compile."""
    program = new_example("go")
    program.write({f"program{number}/main.go": text for number, text in enumerate(shown_on("go"))})
    for command in ("build", "vet"):
        run(program.machine, ["go", command, "./...", f"{GO_MODULE}/..."], cwd=program.folder)
    assert run(program.machine, ["go", "fmt", "./..."], cwd=program.folder) == "", "all is formatted already"


def shown_on(language: str) -> list[str]:
    """The programs on the page about a language."""
    page = (REPOSITORY / "docs" / "languages" / f"{language}.md").read_text("utf-8")
    return [token.content for token in MarkdownIt().parse(page) if token.type == "fence" and token.info == language]
