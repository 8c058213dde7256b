"""Lock files and projects that someone could make on purpose. Each is refused with a message, or planned in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import tomli_w
from samples import PROJECT, Package, lock_text, old_lock_text

from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest
from pulumi_poetry_layer.poetry.pyproject import parse_project
from torture.mutation import NUMBERS, TEXTS

Files = tuple[str, str]
"""The texts of pyproject.toml and poetry.lock."""

Case = Callable[[], Files]

_KEYS = (
    "name",
    "version",
    "python-versions",
    "markers",
    "optional",
    "groups",
    "files",
    "dependencies",
    "extras",
    "source",
)
_SOURCE = {"type": "git", "url": "https://git.invalid/a.git", "reference": "main", "resolved_reference": "a" * 40}
_DEPENDENCY = ("version", "markers", "extras", "optional", "python", "git", "url", "path", "rev", "source")
_OTHERS: tuple[Any, ...] = (1, -1, True, [], {}, [[]], [{}], ["", ""], {"": ""}, 1.5, float("inf"))
_PLACES = ("/", "/etc/passwd", "/dev/zero", "/proc/self/mem", "..", ".", "~", "-x", "\\\\host\\x", "http://x.invalid/y")
_TABLES: tuple[Any, ...] = (
    *(1, "x", [], {}, [{}], {"poetry": 1}, {"dependencies": [1]}, {"a": ["\0"]}, {"": [""]}),
    *({"poetry": {key: [1]}} for key in ("dependencies", "source", "group", "extras", "packages")),
    {"poetry": {"group": {"a": 1}}},
    {"poetry": {"source": {"name": 1}}},
)
_MARKERS = (
    "(" * 3000 + "os_name == 'x'" + ")" * 3000,
    " and ".join(["os_name == 'x'"] * 20_000),
    " or ".join(f"(python_version > '3.{n}' and extra == 'e{n}')" for n in range(2000)),
    "extra == 'a' and " * 5000 + "extra == 'b'",
    "python_version in '" + "3.9, " * 20_000 + "'",
    "'" * 10_000,
    "python_version ~= '3'",
    "python_full_version == '" + "9" * 5000 + "'",
    "sys_platform not in ''",
    "platform_release >= '" + "1." * 5000 + "'",
)
_CONSTRAINTS = (
    "||".join(f"=={n}.0" for n in range(5000)),
    ",".join(f"!={n}.*" for n in range(5000)),
    "^" + "9" * 5000,
    "~=" + "1." * 3000 + "1",
    ">=1," * 20_000 + "<2",
    "*" * 10_000,
    "==1.0+" + "a." * 3000,
    "1.0 - 2.0",
    "(" * 5000,
)


@lru_cache
def hostile_locks() -> dict[str, Case]:
    """What is tried → a function that makes the two files."""
    parts = (_values(), _sources(), _expressions(), _graphs(), _documents())
    return {name: make for part in parts for name, make in part}


def plan_hostile_lock(name: str, folder: Path) -> str:
    """Plan one of the hostile projects.

    Args:
        name: what to try.
        folder: a folder for files of this attack.
    """
    folder = folder / "beside" / "project"  # so that ".." has nothing else in it
    folder.mkdir(parents=True, exist_ok=True)
    pyproject, lock = hostile_locks()[name]()
    (folder / "pyproject.toml").write_text(pyproject, encoding="utf-8", newline="")
    (folder / "poetry.lock").write_text(lock, encoding="utf-8", newline="")
    plan, _ = plan_request(LayerRequest(project_dir=folder, runtime="python3.12"))
    assert all(package.name.isprintable() and "/" not in package.name for package in plan.packages), "a hostile name"
    return "planned"


def _locked(*packages: Package, old: bool = False) -> Files:
    return PROJECT, (old_lock_text if old else lock_text)(PROJECT, packages)


def _values() -> Iterator[tuple[str, Case]]:
    """An odd value for each key of a package."""
    for key in _KEYS:
        for value in (*TEXTS, *NUMBERS[:12], *_OTHERS):
            yield f"{key} = {_short(value)}", partial(_locked, Package(name="app", other_keys={key: value}))
    for text in TEXTS:
        yield f"file {_short(text)}", partial(_locked, Package(name="app", files=(text,)))
        file = {"file": "app-1.0-py3-none-any.whl", "hash": text}
        yield f"hash {_short(text)}", partial(_locked, Package(name="app", other_keys={"files": [file]}))


def _sources() -> Iterator[tuple[str, Case]]:
    for key in (*_SOURCE, "subdirectory"):
        for text in TEXTS:
            source = {**_SOURCE, key: text}
            yield f"source.{key} = {_short(text)}", partial(_locked, Package(name="app", files=(), source=source))
    for kind in ("file", "directory", "url", "legacy"):
        for url in _PLACES:
            package = Package(name="app", files=("a.whl",), source={"type": kind, "url": url})
            yield f"{kind} {url}", partial(_locked, package)


def _expressions() -> Iterator[tuple[str, Case]]:
    for old in (False, True):
        for text in (*TEXTS, *_MARKERS):
            app = Package(name="app", dependencies={"lib": {"version": "*", "markers": text}})
            yield f"marker {_short(text)} {old}", partial(_locked, app, Package(name="lib", markers=text), old=old)
        for text in (*TEXTS, *_CONSTRAINTS):
            app = Package(name="app", dependencies={"lib": text})
            yield f"constraint {_short(text)} {old}", partial(_locked, app, Package(name="lib", python=text), old=old)
        for key in _DEPENDENCY:
            for value in (*TEXTS, *_OTHERS):
                app = Package(name="app", dependencies={"lib": {"version": "*", key: value}})
                name = f"dependency.{key} = {_short(value)} {old}"
                yield name, partial(_locked, app, Package(name="lib"), old=old)


def _short(value: object) -> str:
    return f"{value[:20]!r} of {len(value)}" if isinstance(value, str) else repr(value)


def _graphs() -> Iterator[tuple[str, Case]]:
    for old in (False, True):
        yield f"a chain of 3,000 packages {old}", partial(_chain, 3000, old)
        yield f"a circle {old}", partial(_everyone, 1, old)
        yield f"all need all {old}", partial(_everyone, 60, old)
        yield f"30 versions of 12 packages {old}", partial(_versions, 30, 12, old)
        yield f"extras that need extras {old}", partial(_extras, 40, old)
    yield "groups that include each other", partial(_groups, 25)


def _chain(count: int, old: bool) -> Files:
    names = ["app", *(f"p{number}" for number in range(count))]
    packages = [Package(name=name, dependencies={following: "*"}) for name, following in pairwise(names)]
    return _locked(*packages, Package(name=names[-1]), old=old)


def _everyone(count: int, old: bool) -> Files:
    names = ["app", *(f"p{number}" for number in range(count))]
    return _locked(*(Package(name=name, dependencies=dict.fromkeys(names, ">=0.1,<2")) for name in names), old=old)


def _versions(count: int, width: int, old: bool) -> Files:
    """Versions that all exclude one another, as in a puzzle without a solution."""
    names = ["app", *(f"p{number}" for number in range(width))]
    return _locked(
        *(
            Package(
                name=name,
                version=f"{version}.0",
                markers=f"python_full_version >= '3.12.{version}'",
                dependencies={
                    other: {"version": f"!={version}.0", "markers": "sys_platform == 'linux'"}
                    for other in names
                    if other != name
                },
            )
            for name in names
            for version in range(1, count + 1)
        ),
        old=old,
    )


def _extras(count: int, old: bool) -> Files:
    names = ["app", *(f"p{number}" for number in range(count))]
    return _locked(
        *(
            Package(
                name=name,
                dependencies={other: {"version": "*", "extras": ["all"], "optional": True} for other in names},
                extras={
                    "all": [f"{other}[all]" for other in names],
                    **{f"e{n}": [f"{name}[e{n + 1}]"] for n in range(30)},
                },
            )
            for name in names
        ),
        old=old,
    )


def _groups(depth: int) -> Files:
    groups = {f"g{n}": [{"include-group": f"g{n + 1}"}, {"include-group": f"g{n + 1}"}] for n in range(depth)}
    project = PROJECT + tomli_w.dumps({"dependency-groups": {**groups, f"g{depth}": ["app"]}})
    return project, lock_text(project, [Package(name="app")])


def _documents() -> Iterator[tuple[str, Case]]:
    """Whole documents, as lock file and as project."""
    lock = lock_text(PROJECT, [Package(name="app")])
    nested: dict[str, Any] = {}
    for _ in range(300):
        nested = {"a": nested}
    texts = {
        "nothing": "",
        "null bytes": "\0" * 100,
        "deep arrays": "a = " + "[" * 5000 + "]" * 5000,
        "deep tables": "a." * 5000 + "b = 1",
        "deep inline tables": "a = " + "{a = " * 3000 + "1" + "}" * 3000,
        "a long number": "a = " + "9" * 5000,
        "a long number of a key": lock.replace("optional = false", "optional = " + "9" * 5000),
        "many tables": "[[package]]\n" * 50_000,
        "many keys": "".join(f"a{n} = 1\n" for n in range(100_000)),
        "a long text": 'a = "' + "x" * (8 << 20) + '"',
        "a long line of dots": "[" + ".".join(["a"] * 5000) + "]",
        "a date that does not exist": "a = 2023-02-30",
        "a byte order mark": "\ufeff" + lock,
        "carriage returns": lock.replace("\n", "\r"),
        "metadata is a list": lock.replace("[metadata]", "[[metadata]]"),
        "nested tables": tomli_w.dumps(nested),
    }
    for name, text in texts.items():
        yield f"lock: {name}", partial(_files, PROJECT, text)
        yield f"project: {name}", partial(_files, text, lock)
    for key in ("tool", "project", "dependency-groups", "build-system"):
        for value in _TABLES:
            yield f"{key} = {value}", partial(_project, {key: value})


def _files(project: str, lock: str) -> Files:
    return project, lock


def _project(tables: dict[str, Any]) -> Files:
    text = tomli_w.dumps({"project": {"name": "service", "version": "1.0", "dependencies": ["app"]}, **tables})
    lock = lock_text(PROJECT, [Package(name="app")])
    before = parse_project(PROJECT).content_hash
    with suppress(Exception):  # then the trial shows what planning raises
        lock = lock.replace(before, parse_project(text).content_hash)
    return text, lock
