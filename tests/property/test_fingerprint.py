"""Properties of the fingerprint: it changes if and only if the content of the layer changes."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from samples import ARM, X86, Package, digest, lock_text, plan

from pulumi_poetry_layer.plan.build_plan import BuilderIdentity
from pulumi_poetry_layer.plan.target import Target

from .strategies import packages

PROJECT = """\
[project]
name = "service"
dependencies = ["app"]

[project.optional-dependencies]
one = ["beta"]

[dependency-groups]
dev = ["gamma"]
"""
EXTRAS = {"one": ["beta"]}


def fingerprint(
    locked: list[Package], *, lock: str | None = None, target: Target = X86, extras: tuple[str, ...] = ()
) -> str:
    """The fingerprint of a layer of the main group."""
    return plan(PROJECT, lock or lock_text(PROJECT, locked, extras=EXTRAS), target=target, extras=extras).fingerprint


def content(locked: list[Package], *, target: Target = X86, extras: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    """(name, version, file) of each package in the layer."""
    planned = plan(PROJECT, lock_text(PROJECT, locked, extras=EXTRAS), target=target, extras=extras).packages
    return [(p.name, p.version, p.file.name if p.file else "") for p in planned]


@given(st.data(), packages())
def test_order_of_packages_and_files_does_not_change_the_fingerprint(
    data: st.DataObject, locked: list[Package]
) -> None:
    """A lock file in a different order would publish a new layer version."""
    shuffled = [
        replace(package, files=data.draw(st.permutations(package.files or ())))
        for package in data.draw(st.permutations(locked))
    ]

    assert fingerprint(shuffled) == fingerprint(locked)


@given(st.data(), packages())
def test_order_of_keys_does_not_change_the_fingerprint(data: st.DataObject, locked: list[Package]) -> None:
    """A different TOML writer would publish a new layer version."""
    text = lock_text(PROJECT, locked, extras=EXTRAS)
    reordered = re.sub(r"^(name = .*)\n(version = .*)\n(description = .*)\n", r"\3\n\2\n\1\n", text, flags=re.MULTILINE)

    assert reordered != text
    assert fingerprint(locked, lock=reordered) == fingerprint(locked)


@given(packages(), st.sampled_from(("\n", "\n\n", "\n# a comment\n", "  \n")))
def test_comments_and_whitespace_do_not_change_the_fingerprint(locked: list[Package], line_end: str) -> None:
    """A new header line of Poetry would publish a new layer version."""
    text = lock_text(PROJECT, locked, extras=EXTRAS)

    assert fingerprint(locked, lock=text.replace("\n", line_end)) == fingerprint(locked)


@given(packages(), st.sampled_from(("description", "python-versions")), st.sampled_from((">=3.9", "*")))
def test_descriptions_do_not_change_the_fingerprint(locked: list[Package], key: str, value: str) -> None:
    """A corrected description of a package would publish a new layer version."""
    changed = [replace(package, other_keys={key: value}) for package in locked]

    assert fingerprint(changed) == fingerprint(locked)


@given(packages(), packages())
def test_packages_of_other_groups_do_not_change_the_fingerprint(locked: list[Package], others: list[Package]) -> None:
    """Every update of a development tool would publish a new layer version."""
    tools = [replace(package, name=f"tool-{package.name}", groups=["dev"]) for package in others]

    assert fingerprint([*locked, *tools]) == fingerprint(locked)


@given(packages(), packages(), st.sampled_from(('sys_platform == "win32"', 'python_version < "3.10"', "<empty>")))
def test_packages_for_other_platforms_do_not_change_the_fingerprint(
    locked: list[Package], others: list[Package], marker: str
) -> None:
    """Every update of a dependency for Windows would publish a new layer version."""
    foreign = [replace(package, name=f"win-{package.name}", markers=marker) for package in others]

    assert fingerprint([*locked, *foreign]) == fingerprint(locked)


@given(packages())
def test_files_for_other_platforms_do_not_change_the_fingerprint(locked: list[Package]) -> None:
    """A wheel for macOS that is added later would publish a new layer version."""
    more = [
        replace(
            package,
            files=[*(package.files or ()), f"{package.name}-{package.version}-cp312-cp312-macosx_11_0_arm64.whl"],
        )
        for package in locked
    ]

    assert fingerprint(more) == fingerprint(locked)


@given(packages(), packages(), st.sampled_from((X86, ARM)), st.sampled_from(((), ("one",))))
def test_fingerprints_are_equal_if_and_only_if_layers_are_equal(
    before: list[Package], after: list[Package], target: Target, extras: tuple[str, ...]
) -> None:
    """A change of the layer would not be deployed, or an unchanged layer would be published again."""
    same = content(before, target=target, extras=extras) == content(after, target=target, extras=extras)

    assert same == (
        fingerprint(before, target=target, extras=extras) == fingerprint(after, target=target, extras=extras)
    )


@given(packages(), st.data())
def test_hash_of_a_chosen_file_changes_the_fingerprint(locked: list[Package], data: st.DataObject) -> None:
    """A file that was replaced on a private index would not be deployed."""
    names = [file for _, _, file in content(locked)]
    if not names:
        return
    changed = data.draw(st.sampled_from(names))
    text = lock_text(PROJECT, locked, extras=EXTRAS)

    assert fingerprint(locked, lock=text.replace(digest(changed), digest("another"))) != fingerprint(locked)


@given(packages())
def test_hash_of_another_file_does_not_change_the_fingerprint(locked: list[Package]) -> None:
    """A file that is not in the layer would publish a new layer version."""
    chosen = {digest(file) for _, _, file in content(locked)}
    text = lock_text(PROJECT, locked, extras=EXTRAS)
    others = {digest(file) for package in locked for file in package.files or ()} - chosen
    for other in others:
        text = text.replace(other, digest(f"another {other}"))

    assert fingerprint(locked, lock=text) == fingerprint(locked)


@given(packages(), st.sampled_from(("version", "name")))
def test_names_and_versions_change_the_fingerprint(locked: list[Package], key: str) -> None:
    """An update would not be deployed if the index serves the same bytes for it."""
    if not content(locked):
        return
    chosen = {name for name, _, _ in content(locked)}

    def change(package: Package) -> Package:
        return replace(package, version="99.0") if key == "version" else replace(package, name=f"new-{package.name}")

    changed = [change(package) if package.name in chosen else package for package in locked]

    assert fingerprint(changed) != fingerprint(locked)


@given(packages(), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3), st.sampled_from(("a", "b")))
def test_builder_and_pins_change_the_fingerprint(locked: list[Package], pins: dict[str, str], kind: str) -> None:
    """A new build image would not be deployed."""
    text = lock_text(PROJECT, locked, extras=EXTRAS)

    def with_builder(kind: str, pins: dict[str, str]) -> str:
        return plan(PROJECT, text, builder=BuilderIdentity(kind=kind, pins=pins)).fingerprint

    first = with_builder(kind, pins)
    assert first == with_builder(kind, dict(reversed(pins.items())))
    assert first != with_builder(f"{kind}x", pins)
    assert first != with_builder(kind, {**pins, "another": "pin"})
