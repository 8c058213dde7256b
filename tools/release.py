"""Check and build the files of a release. ``make check-release`` and ``make dist`` run this script."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import tomli
from changelog import problems_of_release

from pulumi_poetry_layer.plan.build_plan import FORMAT_VERSION

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "pulumi_poetry_layer"
DIST = ROOT / "dist"


def main() -> int:
    """Run the command line."""
    commands = {"check": check, "build": build}
    if sys.argv[1:2] == [] or sys.argv[1] not in commands:
        print(f"usage: release.py {{{','.join(commands)}}}", file=sys.stderr)
        return 2
    problems = list(commands[sys.argv[1]]())
    for problem in problems:
        print(f"release: {problem}", file=sys.stderr)
    return 1 if problems else 0


def check() -> Iterator[str]:
    """Yield the reasons why this commit cannot be released with the tag in ``TAG``."""
    version = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    tag = os.environ.get("TAG", "")
    if tag != f"v{version}":
        yield f"TAG is {tag!r}, but pyproject.toml has version {version!r}. The tag must be v{version}."
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    yield from (f"CHANGELOG.md: {problem}" for problem in problems_of_release(changelog, version, FORMAT_VERSION))


def build() -> Iterator[str]:
    """Build the sdist and the wheel, and yield the problems with them."""
    shutil.rmtree(DIST, ignore_errors=True)
    _run("build", "--outdir", str(DIST), str(ROOT))
    built = sorted(DIST.iterdir())
    _run("twine", "check", "--strict", *map(str, built))
    (sdist,), (wheel,) = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    _run("check_wheel_contents", str(wheel))
    _run("pyroma", "--min", "10", "--skip-tests", "AuthorEmail", str(sdist))  # the developers are reached by issues
    sources = _sources()
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    yield from _differences(sdist.name, expected=sources, found=names - {"PKG-INFO"})
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    packaged = {name for name in sources if name.startswith(f"{PACKAGE}/")}
    yield from _differences(wheel.name, expected=packaged, found=names)


def _differences(archive: str, *, expected: set[str], found: set[str]) -> Iterator[str]:
    yield from (f"{archive}: {name} is missing" for name in sorted(expected - found))
    yield from (f"{archive}: {name} is not a file of the project" for name in sorted(found - expected))


def _sources() -> set[str]:
    """The files of the checkout that git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name for name in listed.split("\0") if (ROOT / name).is_file()}


def _run(module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], check=True)


if __name__ == "__main__":
    sys.exit(main())
