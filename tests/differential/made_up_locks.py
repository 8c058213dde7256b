"""Projects and old lock files, made up from a seed.

A universe of packages is drawn first: several versions of each name, that need each other, the project itself and
their own extras. A lock file is then written in one of two ways. ``random`` locks any of the versions, so that Poetry
often refuses them; ``solved`` asks Poetry's own solver which ones to lock (see ``poetry_oracle.py``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from random import Random
from typing import Any

import tomli
import tomli_w
from packaging.version import Version

from pulumi_poetry_layer.poetry.constraints import allows
from pulumi_poetry_layer.poetry.pyproject import parse_project

PROJECT = "app"
NAMES = ("dew", "elm", "fig", "gnu", "hop", "ivy", "jay", "kit", "lox", "moa")
VERSIONS = (
    "0.4", "1.0", "1.0.1", "1.0.1+cpu", "1.0.1+cu12", "1.2", "1.3.0", "1.3.0.post2", "1.4", "2.0rc1", "2.0",
    "2.0.dev1", "2.3", "2.6", "3.0a1", "3.8",
)  # fmt: skip
CONSTRAINTS = (
    "<1", "<2", "<3", "<=1.3.0", "<=2.0", ">1.0", ">1.3.0", ">1.0.1+cpu", ">=1", ">=1.2", ">=2", ">=2.0rc1", ">=3",
    "^1.0", "^1.2", "^2.0", "^0.4", "~1.0", "~1.3", "~=1.2", "~=1.0.1", "==1.0.1", "==1.0.1+cpu", "1.0.1", "2.0",
    "==1.*", "2.*", "!=1.0.1", "!=1.0.1+cpu", "!=2.0", "!=1.*", "!=2.3,<3", ">=1,<3", ">=1,!=1.0.1,<2.6",
    "<1 || >=2", "^1.0 || ^3.0", "1.2 || 2.3", "<2 || >2.0", ">=1.0.1,<=1.0.1+cpu",
)  # fmt: skip
RARE_CONSTRAINTS = (">=3,<1", "==1.0.1+cu12", ">3.8", "<0.4", "==2!1.0")
MARKERS = (
    'sys_platform == "linux"', 'sys_platform == "win32"', 'sys_platform != "win32"', 'platform_machine == "aarch64"',
    'platform_machine != "aarch64"', 'python_version >= "3.11"', 'python_version < "3.11"', 'python_version == "3.12"',
    'python_full_version >= "3.12.4"', 'python_version in "3.9, 3.12"', 'implementation_name == "cpython"',
    'sys_platform == "linux" and python_version >= "3.10"', 'sys_platform == "darwin" or platform_machine == "x86_64"',
    'python_version < "3.10" or python_version >= "3.12"', 'platform_python_implementation != "PyPy"',
    'sys_platform === "linux"', 'platform_machine >= "aarch64"', 'implementation_version >= "3.9"',
)  # fmt: skip
PAIRS = (
    ('sys_platform == "linux"', 'sys_platform != "linux"'),
    ('python_version < "3.12"', 'python_version >= "3.12"'),
    ('platform_machine == "aarch64"', 'platform_machine != "aarch64"'),
    ('python_version >= "3.10"', 'sys_platform == "linux"'),
)
PYTHONS = ("*", "*", ">=3.9", ">=3.9", ">=3.8,<4.0", ">=3.9, !=3.9.7", ">=3.13", "<3.12", ">=3.12.4", "~=3.10")
DETAILS = (
    {"version": "*", "markers": 'sys_platform == "linux"'}, {"version": ">=1"}, {"source": "inner"}, {"source": "pypi"},
    {"version": "*", "python": "<3.12"}, {"version": "<2 || >2.0", "platform": "linux"},
    [{"version": "*", "markers": PAIRS[0][0]}, {"version": ">=1", "markers": PAIRS[0][1]}],
)  # fmt: skip
EXTRAS = ("x", "y")
INDEX = {"type": "legacy", "url": "https://index.invalid/simple", "reference": "inner"}


@dataclass(frozen=True, kw_only=True)
class Made:
    """A project and what there is to lock.

    Attributes:
        pyproject: the text of its pyproject.toml.
        packages: the ``[[package]]`` tables of lock version 2.0, as values.
        extras: the project's extras.
    """

    pyproject: str
    packages: list[dict[str, Any]]
    extras: dict[str, list[str]] = field(default_factory=dict)


def make(random: Random) -> Made:
    """A project and its universe of packages."""
    versions = {
        name: random.sample(VERSIONS, random.choice((1, 1, 1, 2, 2, 3, 5)))
        for name in random.sample(NAMES, random.randint(2, len(NAMES)))
    }
    draw = _Constraints(random, versions, random.choice((0.15, 0.35, 0.6, 0.85)))
    packages = [
        table
        for name in versions
        for version in sorted(versions[name])
        for table in _places(random, _package(random, name, version, draw))
    ]
    project, extras = _project(random, packages, draw)
    return Made(pyproject=tomli_w.dumps(project), packages=packages, extras=extras)


@dataclass(frozen=True)
class _Constraints:
    """Draws constraints, most of which allow a version that there is."""

    random: Random
    versions: dict[str, list[str]]
    strictness: float

    def on(self, name: str, strictness: float | None = None) -> str:
        """A constraint on a package."""
        if self.random.random() > (self.strictness if strictness is None else strictness):
            return "*"
        if self.random.random() < 0.04:
            return self.random.choice((*CONSTRAINTS, *RARE_CONSTRAINTS))
        version = Version(self.random.choice(self.versions[name]))
        return self.random.choice([constraint for constraint in CONSTRAINTS if allows(constraint, version)])


def _package(random: Random, name: str, version: str, draw: _Constraints) -> dict[str, Any]:
    dependencies: dict[str, Any] = {}
    extras: dict[str, list[str]] = {}
    others = [other for other in draw.versions if other != name]
    for other in random.sample(others, min(len(others), random.choice((0, 0, 1, 1, 2, 3)))):
        dependencies[other] = _entry(random, draw, extras, other)
    if random.random() < 0.1:
        own_version = "*" if random.random() < 0.7 else random.choice(CONSTRAINTS)
        dependencies[PROJECT] = random.choice(
            (own_version, {"version": own_version, "markers": random.choice(MARKERS)})
        )
    if random.random() < 0.01:
        dependencies[name] = {"version": "*", "extras": [random.choice(EXTRAS)]}
    if extras and random.random() < 0.5:
        extras["all"] = [f"{name}[{','.join(sorted(extras))}]"]
    items = list(dependencies.items())
    random.shuffle(items)
    table: dict[str, Any] = {
        "name": name,
        "version": version,
        "description": "",
        "optional": random.random() < 0.2,
        "python-versions": random.choice(PYTHONS) if random.random() < 0.2 else "*",
        "files": [{"file": f"{name}-{version}-py3-none-any.whl", "hash": f"sha256:{_digest(name + version)}"}],
    }
    if items:
        table["dependencies"] = dict(items)
    if extras:
        table["extras"] = extras
    return table


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _entry(random: Random, draw: _Constraints, extras: dict[str, list[str]], name: str) -> Any:
    """A dependency of a locked package: a constraint, a table, or two of them for different targets."""
    if random.random() < 0.08:
        return [{"version": draw.on(name, 0.9), "markers": marker} for marker in random.choice(PAIRS)]
    if random.random() < 0.03:
        return [{"version": draw.on(name)}, {"version": "*", "extras": [random.choice(EXTRAS)]}]
    entry: dict[str, Any] = {"version": draw.on(name)}
    marker = random.choice(MARKERS) if random.random() < 0.25 else ""
    if random.random() < 0.3:
        extra = random.choice(EXTRAS)
        entry["optional"] = True
        extras.setdefault(extra, []).append(f"{name} ({entry['version']})" if entry["version"] != "*" else name)
        if random.random() < 0.8:
            marker = f'{marker} and extra == "{extra}"' if marker and " or " not in marker else f'extra == "{extra}"'
    if random.random() < 0.25:
        entry["extras"] = sorted(random.sample((*EXTRAS, "all"), random.choice((1, 1, 2))))
        if random.random() < 0.1:
            entry["extras"] = "".join(EXTRAS)  # Poetry reads a text as a list of letters
    if marker:
        entry["markers"] = marker
    return entry["version"] if list(entry) == ["version"] else entry


def _places(random: Random, table: dict[str, Any]) -> list[dict[str, Any]]:
    """A package from PyPI, most often; else from another index, a repository or a folder, or from two folders."""
    name, draw = table["name"], random.random()
    if draw < 0.88:
        return [table]
    if draw < 0.93:
        return [table | {"source": INDEX}]
    if draw < 0.96:
        commit = _digest(name)[:40]
        source = {
            "type": "git",
            "url": f"https://git.invalid/{name}.git",
            "reference": "v1",
            "resolved_reference": commit,
        }
        return [table | {"files": [], "source": source}]
    folders = (f"{name}-a", f"{name}-b")[: random.choice((1, 2))]
    return [table | {"files": [], "source": {"type": "directory", "url": folder}} for folder in folders]


def _project(
    random: Random, packages: list[dict[str, Any]], draw: _Constraints
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    version = random.choice(("1.0", "2.0", "0.1.dev0", "3.0rc1", "1.0.1+local"))
    dependencies: dict[str, Any] = {"python": random.choice((">=3.9", "^3.9", "*"))}
    optional: list[str] = []
    names = list(draw.versions)
    for name in random.sample(names, random.randint(1, min(5, len(names)))):
        dependencies[name] = _wish(random, name, packages, draw, optional)
    extras = {
        extra: sorted(random.sample(optional, random.randint(1, len(optional))))
        for extra in ("one", "two")
        if optional and random.random() < 0.8
    }
    poetry: dict[str, Any] = {"name": PROJECT, "version": version, "package-mode": False, "dependencies": dependencies}
    if extras:
        poetry["extras"] = extras
    dev = {name: _wish(random, name, packages, draw, None) for name in random.sample(names, random.choice((0, 1, 2)))}
    poetry["group"] = {"dev": {"dependencies": dev}}
    if random.random() < 0.4:
        return _standard(random, poetry), extras
    return {"tool": {"poetry": poetry}}, extras


def _wish(
    random: Random, name: str, packages: list[dict[str, Any]], draw: _Constraints, optional: list[str] | None
) -> Any:
    """A dependency of the project."""
    sources = [table["source"] for table in packages if table["name"] == name and "source" in table]
    if sources and random.random() < 0.7:
        return _from_source(random, sources)
    if random.random() < 0.12:
        return [{"version": draw.on(name, 0.9), "markers": marker} for marker in random.choice(PAIRS)]
    entry: dict[str, Any] = {"version": draw.on(name, draw.strictness * 0.7)}
    if random.random() < 0.2:
        entry["markers"] = random.choice(MARKERS)
    if random.random() < 0.3:
        entry["extras"] = sorted(random.sample((*EXTRAS, "all"), random.choice((1, 1, 2))))
    if optional is not None and random.random() < 0.25:
        entry["optional"] = True
        optional.append(name)
    return entry["version"] if list(entry) == ["version"] else entry


def _from_source(random: Random, sources: list[dict[str, Any]]) -> Any:
    source = random.choice(sources)
    if source["type"] == "legacy":
        return {"version": "*", "source": source["reference"]}
    if source["type"] == "git":
        return {"git": source["url"], "tag": source["reference"]}
    folders = [other["url"] for other in sources if other["type"] == "directory"]
    if len(folders) == 1:
        return {"path": folders[0]}
    return [{"path": path, "markers": marker} for path, marker in zip(folders, random.choice(PAIRS[:3]), strict=False)]


def _standard(random: Random, poetry: dict[str, Any]) -> dict[str, Any]:
    """The same project with ``[project]``, if PEP 508 has words for all of its dependencies."""
    entries = {name: entry for name, entry in poetry["dependencies"].items() if name != "python"}
    written = {name: _requirement(name, entry) for name, entry in entries.items()}
    if not all(written.values()):
        return {"tool": {"poetry": poetry}}
    optional = {name for name, entry in entries.items() if isinstance(entry, dict) and entry.get("optional")}
    extras = poetry.get("extras", {})
    project = {
        "name": PROJECT,
        "version": poetry["version"],
        "requires-python": ">=3.9",
        "dependencies": [written[name] for name in entries if name not in optional],
        "optional-dependencies": {extra: [written[name] for name in extras[extra]] for extra in extras},
    }
    details = {name: random.choice(DETAILS) for name in entries if random.random() < 0.2}
    rest = {"package-mode": False, "group": poetry["group"]} | ({"dependencies": details} if details else {})
    return {"project": project, "tool": {"poetry": rest}}


def _requirement(name: str, entry: Any) -> str | None:
    """A dependency as PEP 508 has it; None if only Poetry has words for it."""
    if isinstance(entry, str):
        entry = {"version": entry}
    if not isinstance(entry, dict) or not entry.keys() <= {"version", "extras", "markers", "optional", "git", "tag"}:
        return None
    extras = f"[{','.join(entry['extras'])}]" if "extras" in entry else ""
    marker = f" ; {entry['markers']}" if "markers" in entry else ""
    if "git" in entry:
        return f"{name}{extras} @ git+{entry['git']}@{entry['tag']}{marker}"
    version = entry["version"]
    if set(version) & set("^|") or version.startswith("~1") or "+" in version:
        return None
    if version != "*":
        extras += f" ({version if version[0] in '<>=!~' else f'=={version}'})"
    return f"{name}{extras}{marker}"


def lock_text(made: Made, packages: list[dict[str, Any]], lock_version: str) -> str:
    """The text of a lock file of version 1.0, 1.1 or 2.0 with some of the packages."""
    tables = [dict(table) for table in packages]
    metadata: dict[str, Any] = {
        "lock-version": lock_version,
        "python-versions": ">=3.9",
        "content-hash": parse_project(made.pyproject).content_hash,
    }
    if lock_version < "2":
        files: dict[str, list[dict[str, str]]] = {}
        for table in tables:
            source = table.get("source", {})
            if lock_version == "1.0" and source.get("type") == "git":
                table["source"] = {"type": "git", "url": source["url"], "reference": source["resolved_reference"]}
            files.setdefault(table["name"], []).extend(table.pop("files"))
            table["category"] = "main"
        metadata["files"] = files
    return tomli_w.dumps({"package": tables, "extras": made.extras, "metadata": metadata})


def folders_of(made: Made) -> list[str]:
    """The folders of its path dependencies."""
    sources = [table["source"] for table in made.packages if "source" in table]
    return sorted({source["url"] for source in sources if source["type"] == "directory"})


def as_old_packages(lock: str) -> list[dict[str, Any]]:
    """The packages of a lock file of version 2.1, as version 2.0 has them."""
    packages: list[dict[str, Any]] = tomli.loads(lock).get("package", [])
    for table in packages:
        table.pop("groups", None)
        table.pop("markers", None)
    return packages
