"""Properties of environment markers."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.markers import Marker

from pulumi_poetry_layer.plan.target import MACHINES, RUNTIMES, Target
from pulumi_poetry_layer.poetry.applicability import can_apply
from pulumi_poetry_layer.poetry.dependencies import Dependency
from pulumi_poetry_layer.poetry.markers import MarkerEnvironment, extras_in

from .poetry_core import poetry_can_hold, poetry_holds
from .strategies import EXTRAS, extra_markers, markers

targets = st.builds(Target, st.sampled_from(RUNTIMES), st.sampled_from(sorted(MACHINES)))
extra_sets = st.frozensets(st.sampled_from(EXTRAS))


@given(st.one_of(extra_markers(), markers()), st.none() | extra_sets, targets)
def test_marker_is_true_or_false_as_in_poetry(marker: str, extras: frozenset[str] | None, target: Target) -> None:
    """The layer would contain other packages than `poetry install` installs in the runtime."""
    assume(extras is not None or not _contradicts_itself(marker))
    values = dict(target.marker_environment)

    assert MarkerEnvironment(values, extras).holds(marker) is poetry_holds(marker, values, extras)


@given(markers())
def test_marker_can_be_true_on_some_target_as_in_poetry(marker: str) -> None:
    """A dependency of the project would be left out, or be combined with details that never apply."""
    assert can_apply(Dependency(name="a", marker=marker)) is poetry_can_hold(marker)


def _contradicts_itself(marker: str) -> bool:
    """Whether a marker requests an extra and its absence. Poetry simplifies such a marker to one that is never true.

    Here, without extras, every comparison with an extra is true. No lock file contains such a marker.
    """
    return any(f'extra == "{extra}"' in marker and f'extra != "{extra}"' in marker for extra in EXTRAS)


@given(markers(), targets)
def test_marker_without_extras_and_lists_is_true_or_false_as_in_packaging(marker: str, target: Target) -> None:
    """A marker would have a different result than with pip in the runtime."""
    environment = target.marker_environment

    assert MarkerEnvironment(environment).holds(marker) is Marker(marker).evaluate(dict(environment))


@given(extra_markers(), extra_sets, targets)
def test_spelling_of_extras_does_not_change_the_result(marker: str, extras: frozenset[str], target: Target) -> None:
    """`extras=["my-extra"]` and `extras=["My_Extra"]` would give different layers."""
    respelled = marker.replace('"one"', '"One"').replace('"two-parts"', '"Two_Parts"')

    environment = MarkerEnvironment(target.marker_environment, extras)
    assert environment.holds(marker) == environment.holds(respelled)


@given(extra_markers(), extra_sets, targets)
def test_unrelated_extra_does_not_change_the_result(marker: str, extras: frozenset[str], target: Target) -> None:
    """An unrelated extra would add a package to the layer."""
    environment = MarkerEnvironment(target.marker_environment, extras)

    assert environment.holds(marker) == environment.with_extras(extras | {"unrelated"}).holds(marker)


@given(extra_markers(), targets)
def test_marker_is_satisfied_by_the_extras_that_it_requests(marker: str, target: Target) -> None:
    """An extra would not add the packages that it requests."""
    if "!=" in marker:
        return
    with_its_extras = MarkerEnvironment(target.marker_environment, extras_in(marker))
    regardless_of_extras = MarkerEnvironment(target.marker_environment, None)

    assert with_its_extras.holds(marker) == regardless_of_extras.holds(marker)


@given(markers(), markers(), targets)
def test_and_binds_more_tightly_than_or(left: str, right: str, target: Target) -> None:
    """A longer marker would have the wrong result."""
    environment = MarkerEnvironment(target.marker_environment)
    first, second = environment.holds(left), environment.holds(right)

    assert environment.holds(f"({left}) and ({right})") is (first and second)
    assert environment.holds(f"({left}) or ({right})") is (first or second)
    assert environment.holds(f'({left}) or ({right}) and os_name == "nt"') is first
