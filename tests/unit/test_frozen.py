"""The quick frozen dataclasses are what `dataclasses` makes."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from functools import cached_property
from pathlib import Path

import pytest

from pulumi_poetry_layer import frozen


@frozen.dataclass(frozen=True)
class Point:
    """A point."""

    x: int
    y: int = 2
    tags: list[str] = frozen.field(default_factory=list)

    @cached_property
    def total(self) -> int:
        return self.x + self.y


@dataclasses.dataclass(frozen=True)
class RealPoint:
    """What Point must be like."""

    x: int
    y: int = 2
    tags: list[str] = dataclasses.field(default_factory=list)


@frozen.dataclass(frozen=True, kw_only=True)
class Named:
    """Keywords only, and checked."""

    name: str
    label: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("no name")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Aged(Named):
    """A real dataclass below a quick one."""

    age: int


@pytest.mark.parametrize(
    ("arguments", "values"),
    [((1,), {}), ((1, 3), {}), ((), {"x": 1}), ((1,), {"y": 3}), ((1, 3, ["a"]), {}), ((), {"y": 1, "x": 2})],
)
def test_instances_hold_what_they_were_made_from(arguments: tuple[int, ...], values: dict[str, int]) -> None:
    """A plan would hold other values than it was made from."""
    quick, real = Point(*arguments, **values), RealPoint(*arguments, **values)  # type: ignore[arg-type]

    assert vars(quick) == vars(real)
    assert repr(quick) == repr(real).replace("RealPoint", "Point")


@pytest.mark.parametrize(
    ("arguments", "values"),
    [((), {}), ((1, 2, [], 4), {}), ((1,), {"x": 2}), ((1,), {"z": 2}), ((), {"y": 2}), ((), {"x": 1, "z": 2, "y": 3})],
)
def test_wrong_arguments_are_refused(arguments: tuple[int, ...], values: dict[str, int]) -> None:
    """A misspelt argument would be lost without a word."""
    for kind in (Point, RealPoint):
        with pytest.raises(TypeError):
            kind(*arguments, **values)  # type: ignore[arg-type]


def test_keywords_only_and_checked_ones() -> None:
    """Arguments in another order would be taken for each other."""
    with pytest.raises(TypeError):
        Named("a")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="no name"):
        Named(name="")
    assert Named(name="a") == Named(name="a", label="")


def test_instances_are_frozen() -> None:
    """A plan could change after its fingerprint was taken."""
    point = Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    assert point.total == 3
    assert vars(Point(1)).keys() == {"x", "y", "tags"}


def test_instances_are_compared_and_hashed_by_value() -> None:
    """Equal plans would pass for different ones."""
    assert Named(name="a") == Named(name="a")
    assert hash(Named(name="a")) == hash(Named(name="a"))
    assert Named(name="a") != Named(name="b")
    assert Point(1) != RealPoint(1)  # type: ignore[comparison-overlap]
    point = Point(1)
    assert point.total
    assert point == Point(1)


def test_defaults_are_made_anew() -> None:
    """What is put into one instance's list would be in all of them."""
    assert Point(1).tags is not Point(1).tags


def test_what_dataclasses_offers_works() -> None:
    """A user's `dataclasses.replace(artifact, …)` or `asdict(artifact)` would fail."""
    assert dataclasses.replace(Point(1), y=5) == Point(1, 5)
    assert dataclasses.asdict(Point(1)) == {"x": 1, "y": 2, "tags": []}
    assert [(f.name, f.kw_only, f.default) for f in dataclasses.fields(Point)] == [
        (f.name, f.kw_only, f.default) for f in dataclasses.fields(RealPoint)
    ]
    assert dataclasses.is_dataclass(Named)
    assert Aged(name="a", age=3) == Aged(name="a", label="", age=3)
    assert dataclasses.asdict(Aged(name="a", age=3)) == {"name": "a", "label": "", "age": 3}


def test_instances_can_be_copied_and_pickled() -> None:
    """Other processes could not be handed one."""
    assert copy.deepcopy(Point(1)) == Point(1)
    assert pickle.loads(pickle.dumps(Named(name="a"))) == Named(name="a")  # noqa: S301 - of our own making


def test_mutable_classes_are_refused() -> None:
    """Somebody would take it for a general tool."""
    with pytest.raises(TypeError, match="frozen"):
        frozen.dataclass(frozen=False)


def test_command_line_starts_without_what_is_slow_to_import() -> None:
    """Every warm build would take half as long again, and nobody would see why."""
    modules = ", ".join(f"pulumi_poetry_layer.{name}" for name in ("builders.wheels", "cli", "limits"))
    project = Path(__file__).parent.parent / "projects" / "base"
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}; import {modules}; "
        f"pulumi_poetry_layer.cli.main(['plan', '--project-dir', {str(project)!r}]); print(*sys.modules)"
    )
    for _ in range(2):  # the first one remembers the plan
        loaded = subprocess.run(
            [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()

    slow = {
        "dataclasses", "inspect", "typing", "logging", "tempfile", "shutil", "threading", "requests", "tomli",
        "packaging.tags", "packaging.utils", "pulumi_poetry_layer.masking", "pulumi_poetry_layer.lockfile",
        "argparse", "locale", "hashlib", "_hashlib", "platformdirs",
    }  # fmt: skip
    assert slow.isdisjoint(loaded)
