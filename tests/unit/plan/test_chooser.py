"""Tests of choosing the file of a package."""

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
            id="manylinux number before its legacy alias",
        ),
        pytest.param(
            X86,
            [
                "a-1-cp312-cp312-manylinux_2_5_x86_64.manylinux1_x86_64.manylinux_2_28_x86_64.whl",
                "a-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            ],
            "a-1-cp312-cp312-manylinux_2_5_x86_64.manylinux1_x86_64.manylinux_2_28_x86_64.whl",
            id="best tag of a compressed set",
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
            id="build tags are compared as numbers",
        ),
        pytest.param(
            X86,
            ["a-1-1a-py3-none-any.whl", "a-1-1b-py3-none-any.whl"],
            "a-1-1b-py3-none-any.whl",
            id="build tags with a suffix",
        ),
        pytest.param(
            X86,
            ["a-1-1-py3-none-any.whl", "a-1-cp312-cp312-manylinux_2_17_x86_64.whl"],
            "a-1-1-py3-none-any.whl",
            id="build tag counts more than wheel tag, as in Poetry",
        ),
        pytest.param(
            X86,
            ["a-b-1.0-py3-none-any.whl", "a-b-1.0-2-py3-none-any.whl"],
            "a-b-1.0-2-py3-none-any.whl",
            id="hyphen in the distribution name",
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
            id="same tags in an invalid wheel name",
        ),
        pytest.param(X86, ["broken.whl", "a-1-py3-none.whl"], None, id="invalid wheel names"),
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
            id="arm64 of other operating systems",
        ),
    ],
)
def test_file_is_the_one_that_poetry_installs(target: Target, files: list[str], chosen: str | None) -> None:
    """The layer would contain a different file than Poetry installs, or one that cannot be imported."""
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
def test_tags_of_a_file_name(name: str, tags: set[tuple[str, str, str]]) -> None:
    """A wheel with a compressed tag set would not be recognized as usable."""
    assert wheel_tags(name) == tags


@pytest.mark.parametrize(("name", "expected"), [("a-1-py3-none-any.whl", True), ("a-1.tar.gz", False)])
def test_wheel_is_recognized_by_its_name(name: str, expected: bool) -> None:
    """A builder would unpack an sdist like a wheel, or compile a wheel."""
    assert is_wheel(name) is expected


def test_wheel_with_millions_of_tags_is_chosen_by_its_best_tag() -> None:
    """A lock file with one such name would take all memory of a preview."""
    best_tags = {"py": "cp312", "abi": "cp312", "system": "manylinux_2_17_x86_64"}
    parts = [".".join([*(f"{kind}{number}" for number in range(300)), best]) for kind, best in best_tags.items()]
    name = f"a-1-{'-'.join(parts)}.whl"
    files = [LockedFile(name, ""), LockedFile("a-1-py3-none-any.whl", "")]

    assert FileChooser(X86.tag_ranks).choose(files) == files[0]
    assert FileChooser(ARM.tag_ranks).choose(files) == files[1]


def test_build_tag_of_thousands_of_digits_is_compared() -> None:
    """A lock file with one such name would end a preview with a traceback."""
    files = [LockedFile("a-1-1-py3-none-any.whl", ""), LockedFile(f"a-1-{'9' * 5000}-py3-none-any.whl", "")]

    assert FileChooser(X86.tag_ranks).choose(files) == files[1]
