"""What messages call an argument, and what they suggest."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.builders.registry import make_builder
from pulumi_poetry_layer.errors import InputError, TargetError
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.wording import (
    argument,
    boolean,
    camel_case,
    in_other_languages,
    keyword,
    list_setting,
    on_command_line,
    place,
    setting,
    similar_name,
    snake_case,
    suggestion,
    written_at,
)


def test_arguments_are_options_only_on_the_command_line() -> None:
    """A user of Python would look for an option, or a user of the command line for an argument of a function."""
    with on_command_line():
        assert argument("project_dir") == "--project-dir"
        assert argument("groups") == "--group"
        assert setting("python_patch", "3.12.4") == "--python-patch 3.12.4"
    assert argument("groups") == "groups"
    assert setting("python_patch", "3.12.4") == 'python_patch="3.12.4"'


def test_arguments_have_the_names_of_the_program_s_language() -> None:
    """A user of TypeScript or YAML would look for `project_dir`, and for `True`."""
    with in_other_languages():
        assert argument("project_dir") == place("project_dir") == "projectDir"
        assert keyword("project_dir") == "projectDir:"
        assert setting("python_patch", "3.12.4") == 'pythonPatch: "3.12.4"'
        assert list_setting("runtimes", "python3.13") == 'runtimes: ["python3.13"]'
        assert boolean(True) == "true"
    assert keyword("project_dir") == "project_dir="
    assert list_setting("runtimes", "python3.13") == 'runtimes=["python3.13"]'
    assert boolean(False) == "False"


def test_names_in_other_languages_can_be_reversed() -> None:
    """An input would reach the wrong argument of the component."""
    for name in ("arn", "project_dir", "max_unzipped_size"):
        assert snake_case(camel_case(name)) == name


def test_place_of_a_value_comes_before_the_name_of_its_argument() -> None:
    """A user would look for a wrong default of the project on the command line."""
    with on_command_line(), written_at({"groups": "pyproject.toml: tool.poetry-layer.groups"}):
        assert place("groups") == "pyproject.toml: tool.poetry-layer.groups"
        assert place("extras") == "--extra"
    assert place("groups") == "groups"


def test_suggestion_lists_the_known_names_and_a_similar_one() -> None:
    """A user would have to look up how a name is spelled."""
    assert suggestion("DVE", ["main", "dev"], "known groups") == "did you mean 'dev'? known groups: dev, main"
    assert suggestion("x", [], "known groups") == "known groups: none"
    assert similar_name("x", ["main"]) is None


@pytest.mark.parametrize("name", ["3.12", "py312", "python312", "cp312", "Python 3.12", "python3.12.4", "python3-12"])
def test_other_names_of_a_runtime_get_the_name_that_aws_uses(name: str) -> None:
    """A user would have to look up what AWS calls a version of Python."""
    with pytest.raises(TargetError) as caught:
        Target(name, "arm64")

    assert str(caught.value).startswith(
        f"runtime: unsupported runtime {name!r}\n  hint: did you mean 'python3.12'? supported runtimes: python3.9, "
    )


@pytest.mark.parametrize("name", ["python3.8", "3.99", "nodejs22.x", "312.4.5.6"])
def test_runtimes_that_are_not_supported_get_no_suggestion(name: str) -> None:
    """A user would be sent to a runtime with another version of Python."""
    with pytest.raises(TargetError) as caught:
        Target(name, "arm64")

    assert str(caught.value.hint).startswith("supported runtimes: ")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("amd64", "AWS calls it 'x86_64'; supported architectures: x86_64, arm64"),
        ("AArch64", "AWS calls it 'arm64'; supported architectures: x86_64, arm64"),
        ("x86_46", "did you mean 'x86_64'? supported architectures: arm64, x86_64"),
        ("riscv", "supported architectures: arm64, x86_64"),
    ],
)
def test_other_names_of_an_architecture_get_the_name_that_aws_uses(name: str, hint: str) -> None:
    """A user of Docker or uname would have to look up what AWS calls an architecture."""
    with pytest.raises(TargetError) as caught:
        Target("python3.12", name)

    assert caught.value.hint == hint


def test_unknown_builder_gets_a_suggestion() -> None:
    """A user would have to look up the names of the builders."""
    with pytest.raises(InputError) as caught:
        make_builder("wheel")

    assert str(caught.value) == (
        "builder: unknown builder 'wheel'\n  hint: did you mean 'wheels'? known builders: container, local, wheels"
    )
