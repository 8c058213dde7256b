"""Properties of markers."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.markers import Marker

from pulumi_poetry_layer.plan.target import MACHINES, RUNTIMES, Target
from pulumi_poetry_layer.poetry.markers import MarkerEnvironment, extras_in

from .poetry_core import poetry_holds
from .strategies import EXTRAS, extra_markers, markers

targets = st.builds(Target, st.sampled_from(RUNTIMES), st.sampled_from(sorted(MACHINES)))
extra_sets = st.frozensets(st.sampled_from(EXTRAS))


@given(st.one_of(extra_markers(), markers()), st.none() | extra_sets, targets)
def test_markers_mean_what_they_mean_to_poetry(marker: str, extras: frozenset[str] | None, target: Target) -> None:
    """The layer would hold other packages than `poetry install` in the runtime."""
    assume(extras is not None or not _excludes_itself(marker))
    values = dict(target.marker_environment)

    assert MarkerEnvironment(values, extras).holds(marker) is poetry_holds(marker, values, extras)


def _excludes_itself(marker: str) -> bool:
    """Whether a marker asks for an extra and for its absence; Poetry finds that such a one never holds.

    Where nothing is said about extras we take every comparison of one for true. No lock file has such a marker.
    """
    return any(f'extra == "{extra}"' in marker and f'extra != "{extra}"' in marker for extra in EXTRAS)


@given(markers(), targets)
def test_without_extras_and_lists_markers_mean_what_they_mean_to_packaging(marker: str, target: Target) -> None:
    """A marker would be judged differently from how pip judges it in the runtime."""
    environment = target.marker_environment

    assert MarkerEnvironment(environment).holds(marker) is Marker(marker).evaluate(dict(environment))


@given(extra_markers(), extra_sets, targets)
def test_extras_do_not_decide_by_their_order_or_spelling(marker: str, extras: frozenset[str], target: Target) -> None:
    """`extras=["a", "b"]` and `extras=["B", "a"]` would give different layers."""
    spelt = marker.replace('"one"', '"One"').replace('"two-parts"', '"Two_Parts"')

    here = MarkerEnvironment(target.marker_environment, extras)
    assert here.holds(marker) == here.holds(spelt)


@given(extra_markers(), extra_sets, targets)
def test_only_the_extras_a_marker_names_decide_it(marker: str, extras: frozenset[str], target: Target) -> None:
    """An extra that has nothing to do with a package would add it to the layer."""
    environment = MarkerEnvironment(target.marker_environment, extras)

    assert environment.holds(marker) == environment.with_extras(extras | {"unrelated"}).holds(marker)


@given(extra_markers(), targets)
def test_extras_in_a_marker_are_enough_to_fulfil_it(marker: str, target: Target) -> None:
    """Asking for an extra would not bring what it asks for."""
    if "!=" in marker:
        return
    everything = MarkerEnvironment(target.marker_environment, extras_in(marker))
    undecided = MarkerEnvironment(target.marker_environment, None)

    assert everything.holds(marker) == undecided.holds(marker)


@given(markers(), markers(), targets)
def test_and_or_bind_as_in_python(left: str, right: str, target: Target) -> None:
    """A longer marker would be misread."""
    environment = MarkerEnvironment(target.marker_environment)
    first, second = environment.holds(left), environment.holds(right)

    assert environment.holds(f"({left}) and ({right})") is (first and second)
    assert environment.holds(f"({left}) or ({right})") is (first or second)
    assert environment.holds(f'({left}) or ({right}) and os_name == "nt"') is first
