"""``[tool.poetry-layer]`` of pyproject.toml."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.poetry.layer_defaults import LayerDefaults, parse_layer_defaults

EVERY_KEY = """
[tool.poetry-layer]
runtime = "python3.13"
architecture = "arm64"
groups = ["main", "jobs"]
extras = ["pdf"]
exclude = ["boto3"]
builder = "container"
on-conflict = "error"
python-patch = ["3.12.4", "3.13.1"]
system-libraries = ["libodbc.so.2"]
bytecode = true
exclude-runtime = true
max-unzipped-size = "200MiB"
"""


def test_every_key_is_read() -> None:
    """A project could not say for all of its layers what each of them has to repeat."""
    assert parse_layer_defaults(EVERY_KEY) == LayerDefaults(
        runtime="python3.13",
        architecture="arm64",
        groups=("main", "jobs"),
        extras=("pdf",),
        exclude=("boto3",),
        builder="container",
        on_conflict="error",
        python_patch=("3.12.4", "3.13.1"),
        system_libraries=("libodbc.so.2",),
        bytecode=True,
        exclude_runtime=True,
        max_unzipped_size=200 << 20,
    )


@pytest.mark.parametrize("text", ["", "[tool.poetry-layer]\n", "[tool]\n"])
def test_missing_keys_are_none(text: str) -> None:
    """An empty list would replace the default of this package."""
    assert parse_layer_defaults(text) == LayerDefaults()
    assert parse_layer_defaults("[tool.poetry-layer]\ngroups = []\n").groups == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("runtme = 'x'", "runtme: unknown key\n  hint: did you mean 'runtime'? known keys: architecture, builder,"),
        ("on_conflict = 'warn'", "on_conflict: unknown key\n  hint: did you mean 'on-conflict'?"),
        ("bucket = 'b'", "bucket: unknown key\n  hint: known keys: architecture"),
        ("runtime = 3.12", "runtime: must be a string"),
        ("bytecode = 3.13", "bytecode: must be true, false or a string"),
        ("exclude-runtime = 1", "exclude-runtime: must be true or false"),
        ("max-unzipped-size = true", "max-unzipped-size: must be a string"),
        ("max-unzipped-size = '2 apples'", "max-unzipped-size: '2 apples' is not a size such as 200MiB"),
        ("groups = 'main'", "groups: must be an array"),
        ("extras = ['a', 1]", "extras[1]: must be a string"),
        ("python-patch = '3.12'", "python-patch: '3.12' is not a full version of Python such as '3.12.4'"),
    ],
)
def test_unknown_key_or_wrong_type_is_an_error_that_names_file_and_key(text: str, problem: str) -> None:
    """A misspelled key would have no effect, and nobody would know why."""
    with pytest.raises(InputError) as caught:
        parse_layer_defaults(f"[tool.poetry-layer]\n{text}\n")

    assert str(caught.value).startswith(f"pyproject.toml: tool.poetry-layer.{problem}")


@pytest.mark.parametrize("name", ["poetry_layer", "pulumi-poetry-layer"])
def test_misspelled_section_is_an_error(name: str) -> None:
    """The defaults of a project would have no effect."""
    with pytest.raises(InputError) as caught:
        parse_layer_defaults(f"[tool.{name}]\nruntime = 'python3.13'\n")

    assert (
        str(caught.value) == f"pyproject.toml: tool.{name}: is not read\n  hint: call the section [tool.poetry-layer]"
    )


def test_all_problems_of_the_section_are_reported_together() -> None:
    """A user would have to run the command once for each mistake."""
    with pytest.raises(InputError) as caught:
        parse_layer_defaults("[tool.poetry-layer]\nruntime = 3\ngruops = []\nexclude = 'x'\n")

    assert str(caught.value).startswith("3 problems:\n")
