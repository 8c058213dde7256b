"""Tests of which locked file is installed."""

from __future__ import annotations

import pytest
from samples import ARM, X86

from pulumi_poetry_layer.names import is_wheel
from pulumi_poetry_layer.plan.chooser import FileChooser, wheel_tags
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.locked import LockedFile

AL2 = Target("python3.11", "x86_64")


@pytest.mark.parametrize(
    ("target", "files", "chosen"),
    [
        pytest.param(X86, [], None, id="nothing locked"),
        pytest.param(X86, ["a-1.tar.gz"], "a-1.tar.gz", id="sdist only"),
        pytest.param(X86, ["a-1.tar.gz", "a-1-py3-none-any.whl"], "a-1-py3-none-any.whl", id="wheel before sdist"),
        pytest.param(X86, ["a-1-cp312-cp312-win_amd64.whl"], None, id="other platform"),
        pytest.param(X86, ["a-1-cp312-cp312-win_amd64.whl", "a-1.zip"], "a-1.zip", id="sdist when no wheel fits"),
        pytest.param(X86, ["a-1-py3.12.egg", "a-1.exe", "a-1.msi", "a-1.rpm", "a-1.srpm"], None, id="not installable"),
        pytest.param(
            X86,
            ["a-1-py3-none-any.whl", "a-1-cp312-cp312-manylinux_2_17_x86_64.whl"],
            "a-1-cp312-cp312-manylinux_2_17_x86_64.whl",
            id="compiled before pure",
        ),
        pytest.param(
            X86,
            ["a-1-cp312-cp312-manylinux_2_17_x86_64.whl", "a-1-cp312-cp312-manylinux_2_28_x86_64.whl"],
            "a-1-cp312-cp312-manylinux_2_28_x86_64.whl",
            id="newer glibc before older",
        ),
        pytest.param(
            AL2,
            ["a-1-cp311-cp311-manylinux_2_17_x86_64.whl", "a-1-cp311-cp311-manylinux_2_28_x86_64.whl"],
            "a-1-cp311-cp311-manylinux_2_17_x86_64.whl",
            id="glibc of Amazon Linux 2",
        ),
        pytest.param(
            X86,
            ["a-1-cp312-cp312-manylinux2014_x86_64.whl", "a-1-cp312-cp312-manylinux_2_17_x86_64.whl"],
            "a-1-cp312-cp312-manylinux_2_17_x86_64.whl",
            id="alias after its number",
        ),
        pytest.param(
            X86,
            [
                "a-1-cp312-cp312-manylinux_2_5_x86_64.manylinux1_x86_64.manylinux_2_28_x86_64.whl",
                "a-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            ],
            "a-1-cp312-cp312-manylinux_2_5_x86_64.manylinux1_x86_64.manylinux_2_28_x86_64.whl",
            id="best tag of a set",
        ),
        pytest.param(
            X86,
            ["a-1-cp39-abi3-manylinux_2_28_x86_64.whl", "a-1-cp312-cp312-manylinux_2_17_x86_64.whl"],
            "a-1-cp312-cp312-manylinux_2_17_x86_64.whl",
            id="own ABI before stable ABI",
        ),
        pytest.param(
            X86,
            ["a-1-cp313-abi3-manylinux_2_17_x86_64.whl", "a-1-cp38-abi3-manylinux_2_17_x86_64.whl"],
            "a-1-cp38-abi3-manylinux_2_17_x86_64.whl",
            id="stable ABI of an older Python",
        ),
        pytest.param(
            X86,
            ["a-1-2-py3-none-any.whl", "a-1-10-py3-none-any.whl", "a-1-py3-none-any.whl"],
            "a-1-10-py3-none-any.whl",
            id="build tags are numbers",
        ),
        pytest.param(
            X86, ["a-1-1a-py3-none-any.whl", "a-1-1b-py3-none-any.whl"], "a-1-1b-py3-none-any.whl", id="build suffix"
        ),
        pytest.param(
            X86,
            ["a-1-1-py3-none-any.whl", "a-1-cp312-cp312-manylinux_2_17_x86_64.whl"],
            "a-1-1-py3-none-any.whl",
            id="build tag before wheel tag, as in Poetry",
        ),
        pytest.param(
            X86,
            ["a-b-1.0-py3-none-any.whl", "a-b-1.0-2-py3-none-any.whl"],
            "a-b-1.0-2-py3-none-any.whl",
            id="hyphen in the name",
        ),
        pytest.param(X86, ["a-1-Py3-None-Any.whl"], "a-1-Py3-None-Any.whl", id="capital letters"),
        pytest.param(X86, ["a-1.zip", "a-1.tar.gz"], "a-1.tar.gz", id="first sdist by name"),
        pytest.param(
            X86,
            ["a-1-py3-none-any.whl", "a-1-py2.py3-none-any.whl"],
            "a-1-py2.py3-none-any.whl",
            id="first by name among equals",
        ),
        pytest.param(
            X86,
            ["0-py3-none-any.whl", "a-1-py3-none-any.whl"],
            "a-1-py3-none-any.whl",
            id="the same tags in no wheel's name",
        ),
        pytest.param(X86, ["broken.whl", "a-1-py3-none.whl"], None, id="not a wheel's name"),
        pytest.param(
            ARM,
            ["a-1-cp312-cp312-manylinux_2_17_x86_64.whl", "a-1-cp312-cp312-manylinux_2_17_aarch64.whl"],
            "a-1-cp312-cp312-manylinux_2_17_aarch64.whl",
            id="arm64",
        ),
        pytest.param(
            ARM,
            ["a-1-cp312-cp312-macosx_11_0_arm64.whl", "a-1-cp312-cp312-musllinux_1_2_aarch64.whl"],
            None,
            id="arm64 of other systems",
        ),
    ],
)
def test_file_that_lands_in_the_layer(target: Target, files: list[str], chosen: str | None) -> None:
    """The layer would hold another file than `poetry install` in the runtime, or one that fails at import."""
    chooser = FileChooser(target.tag_ranks)
    for order in (files, files[::-1]):
        found = chooser.choose([LockedFile(name, f"sha256:{name}") for name in order])

        assert (found and found.name) == chosen


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("a-1-py2.py3-none-any.whl", {("py2", "none", "any"), ("py3", "none", "any")}),
        ("a-1-1-cp312-abi3-x.y.whl", {("cp312", "abi3", "x"), ("cp312", "abi3", "y")}),
        ("a-1.tar.gz", set()),
        ("a-1-any.whl", set()),
    ],
)
def test_tags_in_a_file_name(name: str, tags: set[tuple[str, str, str]]) -> None:
    """Compressed tag sets would hide that a wheel fits."""
    assert wheel_tags(name) == tags


@pytest.mark.parametrize(("name", "expected"), [("a-1-py3-none-any.whl", True), ("a-1.tar.gz", False)])
def test_what_a_wheel_is(name: str, expected: bool) -> None:
    """Builders would unpack an sdist as it is, or compile a wheel."""
    assert is_wheel(name) is expected
