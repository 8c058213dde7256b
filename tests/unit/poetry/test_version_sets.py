"""Tests of sets of versions. Property tests compare them with those of poetry-core."""

from __future__ import annotations

import pytest
from packaging.version import Version

from pulumi_poetry_layer.poetry.constraints import parse_constraint
from pulumi_poetry_layer.poetry.version_sets import VersionSet, union_of


@pytest.mark.parametrize(
    ("constraint", "allowed", "refused"),
    [
        ("==1.0", ["1.0", "1.0+cpu"], ["1.0.post1", "1.0rc1"]),
        ("==1.0+cpu", ["1.0+cpu"], ["1.0", "1.0+cu12"]),
        ("!=1.0+cpu", ["1.0", "1.0+cu12", "2.0"], ["1.0+cpu"]),
        ("!=1.0", ["1.0.post1", "0.9"], ["1.0", "1.0+cpu"]),
        (">=0,!=1.0", ["0.9", "1.1"], ["1.0", "1.0.post1"]),
        (">1.3.0", ["1.3.1"], ["1.3.0", "1.3.0.post2", "1.3.0+cpu"]),
        ("<2", ["1.9"], ["2.0", "2.0rc1", "2.0.dev0"]),
        (">=3,<1", [], ["0.1", "1", "2", "3"]),
    ],
)
def test_versions_in_a_set(constraint: str, allowed: list[str], refused: list[str]) -> None:
    """A version that Poetry rules out would be in the layer, or one that it installs would be refused."""
    versions = parse_constraint(constraint)

    assert [version for version in (*allowed, *refused) if versions.allows(Version(version))] == allowed
    assert versions.is_empty is (not allowed)


def test_sets_are_equal_if_their_spans_are() -> None:
    """The solver would compute the same relations again and again."""
    first, second = parse_constraint(">=1,<2"), parse_constraint("<2,>=1")

    assert first == second
    assert hash(first) == hash(second)
    assert first != parse_constraint(">=1")


def test_union_of_several_sets() -> None:
    """A constraint with alternatives would leave out some of them."""
    assert union_of(map(parse_constraint, ("<=1", ">=2", ">=1,<=2"))) == parse_constraint("*")
    assert union_of([]).is_empty


def test_set_of_a_single_version_has_its_local_versions() -> None:
    """The builds of torch for other devices would count as other versions."""
    single = VersionSet.of_single(Version("1.0"))

    assert single.allows_all(VersionSet.of_single(Version("1.0+cpu")))
    assert not VersionSet.of_single(Version("1.0+cpu")).allows_all(single)
