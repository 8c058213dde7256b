"""What the pages show can be used as it is: commands, programs, configuration."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import pytest
import tomli
import yaml
from docs_site.code_blocks import (
    CHECKED,
    COMPILED,
    REPOSITORY,
    UNCHECKED,
    UNCHECKED_BLOCKS,
    Block,
    blocks,
    blocks_of,
    commands_in_text,
    pages,
)

from pulumi_poetry_layer.cli.commands import SUMMARIES
from pulumi_poetry_layer.cli.parser import parse
from pulumi_poetry_layer.poetry.layer_defaults import parse_layer_defaults

PROGRAM = "pulumi-poetry-layer"
SHELL = shutil.which("bash")
OPERATORS = re.compile(r"[();<>|&]+")
TARGETS = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE))
VARIABLE = re.compile(r"\bPULUMI_POETRY_LAYER_[A-Z_]+\b")


class Loader(yaml.SafeLoader):
    """Reads YAML with tags of other programs, such as GitLab's ``!reference``, as plain values."""


Loader.add_multi_constructor("!", lambda loader, _tag, node: loader.construct_object(_untagged(node)))


def _untagged(node: yaml.Node) -> yaml.Node:
    kinds = {yaml.ScalarNode: "str", yaml.SequenceNode: "seq", yaml.MappingNode: "map"}
    node.tag = f"tag:yaml.org,2002:{kinds[type(node)]}"
    return node


def shell_text(block: Block) -> str:
    """The commands of a block; in the language ``console`` they are after a prompt, and outputs follow them."""
    if block.language == "sh":
        return block.text
    return "\n".join(line[2:] for line in block.text.splitlines() if line.startswith("$ "))


def commands(text: str) -> Iterator[list[str]]:
    """The words of each simple command in a shell script, without redirections."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        command: list[str] = []
        for word in [*lexer, ";"]:
            if not OPERATORS.fullmatch(word):
                command.append(word)
            elif command:
                yield command
                command = []


def own_arguments(text: str) -> Iterator[list[str]]:
    """The arguments of each call of the command line in a shell script."""
    for command in commands(text):
        words = [word for word in command if not re.match(r"[A-Z_]+=", word)]
        if words[:1] == [PROGRAM]:
            yield words[1:]
        elif PROGRAM in words and words[0] in {"poetry", "uv", "uvx", "time"}:
            yield words[words.index(PROGRAM) + 1 :]


def texts_in(value: Any) -> Iterator[str]:
    """All strings in a value of YAML: workflows have scripts in them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_in(part)


def usage_problems(arguments: list[str]) -> object:
    """What the command line refuses; nothing also for ``--help`` and ``--version``, which end it with code 0."""
    try:
        return parse(arguments).problems
    except SystemExit as ended:
        return ended.code


def test_each_block_has_a_language_that_is_checked_or_a_reason() -> None:
    """A block in a new language would be wrong one day, and nobody would see it."""
    found = [block for page in pages() for block in blocks_of(page)]
    assert [str(block) for block in found if block.language not in {*CHECKED, *COMPILED, *UNCHECKED}] == []
    assert len(found) > 40
    assert UNCHECKED_BLOCKS.keys() - {block.key for block in found} == set()


@pytest.mark.skipif(SHELL is None, reason="there is no bash on PATH")
def test_shell_blocks_have_no_syntax_errors() -> None:
    """Otherwise a copied command fails in the shell."""
    for block in blocks("sh", "console"):
        checked = subprocess.run(
            [SHELL or "", "-n"], input=shell_text(block), capture_output=True, text=True, check=False, timeout=60
        )
        assert checked.returncode == 0, f"{block}: {checked.stderr}"


def test_the_command_line_accepts_what_the_pages_show() -> None:
    """Otherwise a copied command ends with a usage error."""
    scripts = [(block, shell_text(block)) for block in blocks("sh", "console")]
    scripts += [(block, text) for block in blocks("yaml") for text in texts_in(yaml.load(block.text, Loader))]  # noqa: S506
    found = [(block, arguments) for block, script in scripts for arguments in own_arguments(script)]
    for block, arguments in found:
        assert not usage_problems(arguments), f"{block}: {shlex.join(arguments)}"
    assert len(found) > 20


def test_the_command_line_accepts_commands_in_sentences() -> None:
    """They are copied, too. Those with a placeholder, and names alone, are left out."""
    found = [(page, text) for page, text in commands_in_text() if text.startswith(f"{PROGRAM} ")]
    whole = [(page, text) for page, text in found if not re.search(r"…|\b[A-Z]{2,}\b|<|\[", text)]
    for page, text in whole:
        for arguments in own_arguments(text):
            if arguments not in [[name] for name in SUMMARIES]:
                assert not usage_problems(arguments), f"{page}: {shlex.join(arguments)}"
    assert len(whole) > 3


def test_make_has_the_targets_that_the_pages_name() -> None:
    """Otherwise `make` says that there is no rule."""
    scripts = [(str(block), shell_text(block)) for block in blocks("sh", "console")]
    called = [
        (place, word)
        for place, script in [*scripts, *commands_in_text()]
        for command in (commands(script) if script.startswith("make ") or "\nmake " in script else ())
        for word in command[1:]
        if command[0] == "make" and re.fullmatch(r"[a-z-]+", word)
    ]
    assert [(place, target) for place, target in called if target not in TARGETS] == []
    assert len(called) > 10


def test_json_blocks_can_be_read() -> None:
    """Otherwise AWS refuses a copied policy."""
    for block in blocks("json"):
        json.loads(block.text)


def test_terraform_blocks_can_be_read() -> None:
    """Otherwise Terraform refuses a copied resource."""
    for block in blocks("hcl"):
        assert hcl2.loads(block.text), str(block)


def test_toml_blocks_can_be_read() -> None:
    """Otherwise a copied section is an error, or is ignored."""
    for block in blocks("toml"):
        assert tomli.loads(block.text), str(block)
        parse_layer_defaults(block.text)


def test_yaml_blocks_can_be_read() -> None:
    """Otherwise a copied file is an error."""
    for block in blocks("yaml"):
        assert yaml.load(block.text, Loader), str(block)  # noqa: S506


@pytest.mark.parametrize(
    ("language", "program"), [("typescript", "index.ts"), ("yaml", "Pulumi.yaml"), ("go", "main.go")]
)
def test_pages_about_languages_show_the_programs_of_the_examples(language: str, program: str) -> None:
    """Otherwise a reader copies a program that no test has deployed."""
    page = REPOSITORY / "docs" / "languages" / f"{language}.md"
    shown = next(block.text for block in blocks_of(page) if block.language == language)
    assert shown == (REPOSITORY / "examples" / language / program).read_text("utf-8")
    assert {block.page for block in blocks(*COMPILED)} <= {f"docs/languages/{name}.md" for name in COMPILED}


def test_gitlab_accepts_the_pipelines(tmp_path: Path) -> None:
    """Otherwise a copied pipeline does not start. What GitHub accepts is checked by ``make lint-workflows``."""
    pipelines = [block for block in blocks("yaml") if "\nstages:" in f"\n{block.text}"]
    assert pipelines
    for number, block in enumerate(pipelines):
        (tmp_path / f"{number}.yml").write_text(block.text, "utf-8")
    schema = ["--builtin-schema", "vendor.gitlab-ci"]
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *schema, *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_python_blocks_can_be_compiled() -> None:
    """Their types are checked in tests/e2e/test_types_of_programs.py."""
    for block in blocks("python"):
        compile(block.text, str(block), "exec", dont_inherit=True)


def test_pages_name_variables_that_exist() -> None:
    """Otherwise someone sets a variable, and nothing happens."""
    source = "".join(path.read_text("utf-8") for path in (REPOSITORY / "pulumi_poetry_layer").rglob("*.py"))
    known = set(VARIABLE.findall(source))
    named = {name for page in pages() for name in VARIABLE.findall(page.read_text("utf-8"))}
    assert sorted(named - known) == []
    assert named
