"""Tests of the target: runtime and architecture → marker values and wheel tags."""

from __future__ import annotations

import platform
import sysconfig
from typing import get_args

import pytest
from packaging import tags
from packaging._manylinux import _GLibCVersion  # type: ignore[attr-defined, unused-ignore]
from packaging.markers import Marker, default_environment

from pulumi_poetry_layer.errors import MultipleInputError, TargetError
from pulumi_poetry_layer.plan.target import MACHINES, NEWEST_PATCH, RUNTIMES, ArchitectureName, RuntimeName, Target


@pytest.mark.parametrize(
    ("runtime", "architecture", "parts"),
    [
        ("python3.8", "x86_64", ["runtime", "'python3.8'", "python3.12"]),
        ("nodejs20.x", "x86_64", ["runtime", "'nodejs20.x'", "python3.12"]),
        ("3.12", "x86_64", ["runtime", "'3.12'", "python3.12"]),
        ("python3.12", "aarch64", ["architecture", "'aarch64'", "arm64"]),
        ("python3.12", "", ["architecture", "''", "x86_64"]),
    ],
)
def test_unsupported_name_is_an_error_that_lists_the_supported_names(
    runtime: str, architecture: str, parts: list[str]
) -> None:
    """A typo would give a layer that no Lambda function can use."""
    with pytest.raises(TargetError) as caught:
        Target(runtime, architecture)

    for part in parts:
        assert part in str(caught.value)


def test_unsupported_runtime_and_architecture_are_both_reported() -> None:
    """A user would fix the runtime and then get an error about the architecture."""
    with pytest.raises(MultipleInputError) as caught:
        Target("python2.7", "sparc")

    assert [problem.where for problem in caught.value.problems] == ["runtime", "architecture"]


@pytest.mark.parametrize(
    ("runtime", "glibc", "system"),
    [
        ("python3.9", (2, 26), "Amazon Linux 2"),
        ("python3.10", (2, 26), "Amazon Linux 2"),
        ("python3.11", (2, 26), "Amazon Linux 2"),
        ("python3.12", (2, 34), "Amazon Linux 2023"),
        ("python3.13", (2, 34), "Amazon Linux 2023"),
        ("python3.14", (2, 34), "Amazon Linux 2023"),
        ("python3.15", (2, 34), "Amazon Linux 2023"),
    ],
)
def test_glibc_is_that_of_the_operating_system_of_the_runtime(
    runtime: str, glibc: tuple[int, int], system: str
) -> None:
    """A wheel that needs a newer glibc would be chosen and fail at import in Lambda."""
    target = Target(runtime, "x86_64")

    assert (target.glibc, target.operating_system) == (glibc, system)


@pytest.mark.parametrize(
    ("runtime", "architecture", "tag", "usable"),
    [
        ("python3.11", "x86_64", ("cp311", "cp311", "manylinux_2_28_x86_64"), False),
        ("python3.12", "x86_64", ("cp312", "cp312", "manylinux_2_28_x86_64"), True),
        ("python3.12", "x86_64", ("cp312", "cp312", "manylinux_2_35_x86_64"), False),
        ("python3.11", "x86_64", ("cp311", "cp311", "manylinux2014_x86_64"), True),
        ("python3.11", "x86_64", ("cp311", "cp311", "manylinux1_x86_64"), True),
        ("python3.11", "arm64", ("cp311", "cp311", "manylinux2014_aarch64"), True),
        ("python3.11", "arm64", ("cp311", "cp311", "manylinux1_aarch64"), False),
        ("python3.12", "arm64", ("cp312", "cp312", "manylinux_2_17_x86_64"), False),
        ("python3.12", "x86_64", ("cp312", "cp312", "musllinux_1_1_x86_64"), False),
        ("python3.12", "x86_64", ("cp312", "cp312", "manylinux_2_17_i686"), False),
        ("python3.12", "x86_64", ("cp39", "abi3", "manylinux_2_17_x86_64"), True),
        ("python3.12", "x86_64", ("cp313", "abi3", "manylinux_2_17_x86_64"), False),
        ("python3.12", "x86_64", ("cp312", "cp312t", "manylinux_2_17_x86_64"), False),
        ("python3.12", "x86_64", ("cp312", "none", "any"), True),
        ("python3.12", "x86_64", ("py3", "none", "any"), True),
        ("python3.12", "x86_64", ("py312", "none", "any"), True),
        ("python3.12", "x86_64", ("py313", "none", "any"), False),
        ("python3.12", "x86_64", ("py2", "none", "any"), False),
        ("python3.12", "x86_64", ("cp312", "cp312", "macosx_11_0_arm64"), False),
        ("python3.12", "x86_64", ("cp312", "cp312", "win_amd64"), False),
    ],
)
def test_wheel_tag_is_supported_or_not(
    runtime: str, architecture: str, tag: tuple[str, str, str], usable: bool
) -> None:
    """The layer would contain a wheel that cannot be loaded, or a usable wheel would be ignored."""
    assert (tag in Target(runtime, architecture).tag_ranks) is usable


def test_tag_ranks_are_in_the_order_of_pip_and_poetry() -> None:
    """A different wheel than the one that `poetry install` chooses would be in the layer."""
    target = Target("python3.12", "x86_64")
    best = ["cp312-cp312-linux_x86_64", "cp312-cp312-manylinux_2_34_x86_64", "cp312-cp312-manylinux_2_17_x86_64"]
    best += ["cp312-cp312-manylinux2014_x86_64", "cp312-abi3-manylinux_2_17_x86_64", "cp39-abi3-manylinux_2_17_x86_64"]
    best += ["py312-none-manylinux_2_17_x86_64", "cp312-none-any", "py312-none-any", "py3-none-any", "py30-none-any"]

    ranks = [
        target.tag_ranks[(interpreter, abi, platform)] for interpreter, abi, platform in (t.split("-") for t in best)
    ]

    assert ranks == sorted(ranks)
    assert ranks[0] == 0


@pytest.fixture
def host_as_lambda(monkeypatch: pytest.MonkeyPatch) -> Target:
    """The target for this interpreter; ``packaging.tags`` sees a host with the target's glibc and architecture."""
    version = ".".join(platform.python_version_tuple()[:2])
    target = Target(f"python{version}", "x86_64")
    monkeypatch.setattr(sysconfig, "get_platform", lambda: "linux-x86_64")
    monkeypatch.setattr("packaging._manylinux._get_glibc_version", lambda: _GLibCVersion(*target.glibc))
    monkeypatch.setattr("packaging._manylinux._have_compatible_abi", lambda *_: True)
    monkeypatch.setattr("packaging._manylinux._is_compatible", lambda *_: True)
    monkeypatch.setattr("packaging._musllinux.platform_tags", lambda _: iter(()))
    return target


@pytest.mark.skipif(
    f"python{platform.python_version()}".rpartition(".")[0] not in RUNTIMES,
    reason="Lambda has no runtime for this interpreter",
)
def test_platform_tags_equal_those_of_packaging_on_the_same_host(host_as_lambda: Target) -> None:
    """The order of platform tags would differ from that of pip, and so would the chosen wheel."""
    assert list(host_as_lambda.platforms) == list(tags.platform_tags())


@pytest.mark.skipif(
    f"python{platform.python_version()}".rpartition(".")[0] not in RUNTIMES,
    reason="Lambda has no runtime for this interpreter",
)
def test_wheel_tags_equal_those_of_packaging_on_the_same_host(host_as_lambda: Target) -> None:
    """A different wheel would be chosen than the one that pip chooses in the runtime."""
    expected = [(tag.interpreter, tag.abi, tag.platform) for tag in tags.sys_tags()]

    assert sorted(host_as_lambda.tag_ranks, key=host_as_lambda.tag_ranks.__getitem__) == list(dict.fromkeys(expected))


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("architecture", MACHINES)
def test_marker_environment_has_all_variables(runtime: str, architecture: str) -> None:
    """A marker on a missing variable would use the value of the host."""
    environment = Target(runtime, architecture).marker_environment

    assert environment.keys() == default_environment().keys()


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        ('platform_machine == "aarch64"', True),
        ('platform_machine == "arm64"', False),
        ('sys_platform == "linux" and platform_system == "Linux" and os_name == "posix"', True),
        ('python_version >= "3.10" and python_version < "3.13"', True),
        ('python_full_version >= "3.12.4"', True),
        ('python_full_version == "3.12.0"', False),
        ('implementation_name == "cpython" and platform_python_implementation == "CPython"', True),
        ('platform_release >= "4"', True),
    ],
)
def test_markers_are_evaluated_for_the_target(marker: str, holds: bool) -> None:
    """The layer would contain packages for the developer's laptop, or lack those for Lambda."""
    environment = Target("python3.12", "arm64").marker_environment

    assert Marker(marker).evaluate(dict(environment)) is holds


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_patch_release_matches_the_runtime(runtime: str) -> None:
    """`python_version` and `python_full_version` would contradict each other in one marker."""
    assert NEWEST_PATCH[runtime].startswith(runtime.removeprefix("python") + ".")


@pytest.mark.parametrize(
    "patch", ["3.12", "3.11.4", "3.12.", "3.12.x", "3.12.4rc1", "3.12.4 ", "3.12.\u0664", "", "python3.12.4"]
)
def test_patch_release_of_another_python_is_an_error_that_names_the_argument(patch: str) -> None:
    """Markers would be evaluated for a Python that the runtime never has."""
    with pytest.raises(TargetError, match=r"python_patch: .* is not a patch release of python3\.12\n  hint: .*3\.12\."):
        Target("python3.12", "x86_64", patch)


def test_markers_see_the_chosen_patch_release() -> None:
    """A package for an old patch release would be missing in the layer."""
    environment = Target("python3.12", "x86_64", "3.12.3").marker_environment

    assert (environment["python_full_version"], environment["implementation_version"]) == ("3.12.3", "3.12.3")
    assert environment["python_version"] == "3.12"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_runtime_that_aws_has_deprecated_has_a_warning(runtime: str) -> None:
    """Nobody would learn from this package that a runtime gets no security updates, or it would be refused."""
    warnings = Target(runtime, "x86_64").warnings

    assert [warning.split(": AWS deprecated this runtime on ")[0] for warning in warnings] == (
        [runtime] if runtime in {"python3.9", "python3.10"} else []
    )


def test_marker_values_and_tag_ranks_are_read_only() -> None:
    """One layer of a program could change the target of the next."""
    target = Target("python3.12", "x86_64")

    with pytest.raises(TypeError):
        target.marker_environment["sys_platform"] = "win32"  # type: ignore[index]
    with pytest.raises(TypeError):
        target.tag_ranks["a", "b", "c"] = 1  # type: ignore[index]


def test_text_names_runtime_and_architecture() -> None:
    """A message would not show which of several layers it is about."""
    assert str(Target("python3.13", "arm64")) == "python3.13 on arm64"


def test_names_for_type_checkers_are_the_supported_ones() -> None:
    """A type checker would refuse a runtime that works, or an editor would not offer it."""
    assert get_args(RuntimeName) == RUNTIMES
    assert get_args(ArchitectureName) == tuple(MACHINES)
