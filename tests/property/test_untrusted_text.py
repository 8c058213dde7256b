"""Properties of text from outside: lock files, addresses with logins, and messages."""

from __future__ import annotations

import json
import re
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import PROJECT, Package
from samples.untrusted import CONTROL

from pulumi_poetry_layer.cli import main
from pulumi_poetry_layer.errors import PoetryLayerError, SubprocessError, WheelError
from pulumi_poetry_layer.host.cache import digest_name
from pulumi_poetry_layer.masking import has_unclear_login, mask_address, mask_urls
from pulumi_poetry_layer.plan.build_plan import PlannedPackage
from pulumi_poetry_layer.poetry.lockfile import parse_lockfile
from pulumi_poetry_layer.poetry.pyproject import parse_project
from pulumi_poetry_layer.printable import printable, printable_line
from pulumi_poetry_layer.wheels.cache import WheelCache, cache_key

TRICKS = ("../", "..", "/", "\\", "-", "--x=", "\x1b[2J", "\n::error::", "\u202e", "\0", "C:", "sha256:", "a", "0" * 64)
TEXTS = st.one_of(st.text(max_size=12), st.lists(st.sampled_from(TRICKS), max_size=6).map("".join))
TOML_TEXTS = TEXTS.map(lambda text: text.encode("utf-8", "ignore").decode())
KEYS = ("name", "version", "python-versions", "markers")
SOURCE_KEYS = ("type", "url", "reference", "resolved_reference", "subdirectory")

HASHES = st.one_of(TOML_TEXTS, st.builds("sha256:{}".format, st.one_of(TOML_TEXTS, st.just("0" * 64))))


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """A ``[[package]]`` table in which some texts are replaced with others."""
    table = Package(name="app").table()
    for key in draw(st.lists(st.sampled_from(KEYS), max_size=1)):
        table[key] = draw(TOML_TEXTS)
    if draw(st.booleans()):
        table["files"] = [{"file": draw(st.one_of(TOML_TEXTS, st.just("a-1.whl"))), "hash": draw(HASHES)}]
    if draw(st.booleans()):
        source = {"type": "git", "url": "https://git.invalid/a", "resolved_reference": "a" * 40}
        for key in draw(st.lists(st.sampled_from(SOURCE_KEYS), max_size=2)):
            source[key] = draw(TOML_TEXTS)
        table["source"] = source
    if draw(st.booleans()):
        table["groups"] = [draw(TOML_TEXTS)]
    return table


def lock_of(table: dict[str, Any]) -> str:
    """A fresh lock file with one package."""
    metadata = {"lock-version": "2.1", "content-hash": parse_project(PROJECT).content_hash}
    return tomli_w.dumps({"package": [table], "metadata": metadata})


@settings(max_examples=300)
@given(tables())
def test_no_text_of_a_lock_file_becomes_a_path_outside_of_a_folder_or_an_option(table: dict[str, Any]) -> None:
    """A poetry.lock could delete or overwrite files of its user, or have git run a program."""
    try:
        (package,) = parse_lockfile(lock_of(table)).packages
    except PoetryLayerError:
        return
    words = [package.name, package.version, *package.groups]
    for file in package.files:
        words.append(file.name)
        planned = PlannedPackage(name=package.name, version=package.version, file=file, source=package.source)
        key = cache_key(planned)
        assert Path("cache", digest_name(key)).resolve().parent == Path("cache").resolve()
    for word in words:
        assert Path("folder", word).resolve().parent == Path("folder").resolve()
        assert not CONTROL.search(word)
    if package.source:
        assert not package.source.url.startswith("-")
        assert not (package.source.reference or "").startswith("-")
        assert re.fullmatch("[0-9a-fA-F]{40}([0-9a-fA-F]{24})?", package.source.resolved_reference or "0" * 40)
        inside = Path("folder", package.source.subdirectory or "").resolve()
        assert Path("folder").resolve() in (inside, *inside.parents)


@settings(max_examples=150)
@given(tables())
def test_plan_of_any_lock_file_prints_no_control_characters(table: dict[str, Any]) -> None:
    """A pull request that changes only poetry.lock could forge the log of a CI job, or get a traceback."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pyproject.toml").write_text(PROJECT, encoding="utf-8")
        Path(folder, "poetry.lock").write_text(lock_of(table), encoding="utf-8")
        for options in ([], ["--json"]):
            out, err = StringIO(), StringIO()
            with redirect_stdout(out), redirect_stderr(err):
                code = main(["plan", "--project-dir", folder, "--runtime", "python3.12", *options])
            assert not CONTROL.search(out.getvalue() + err.getvalue())
            assert not re.search("^::", out.getvalue() + err.getvalue(), re.MULTILINE)
            if options and code == 0:
                json.loads(out.getvalue())


@given(st.text())
def test_any_key_has_a_place_in_the_cache(key: str) -> None:
    """A key that is no file name would make a build fail, or lead out of the cache."""
    with tempfile.TemporaryDirectory() as folder:
        assert WheelCache(Path(folder)).find(key, "app") is None
        with WheelCache(Path(folder)).lock(key, "app 1.0"):
            assert not list(Path(folder).parent.glob("*.lock"))


@given(st.text(), st.text(), st.text())
def test_no_message_has_a_control_character(what: str, where: str, hint: str) -> None:
    """A file name or the output of a program could clear a terminal."""
    for error in (SubprocessError(what, where=where, hint=hint), WheelError(what, where=where)):
        assert not CONTROL.search(str(error))
    one_line = str(WheelError(what, where=where)).removesuffix(f"\n  hint: {WheelError('').hint}")
    assert "\n" not in one_line


@given(st.text())
def test_printable_text_stays_the_same_when_it_is_escaped_again(text: str) -> None:
    """A message that passes two doors would show backslashes twice."""
    assert not CONTROL.search(printable(text))
    assert printable(printable(text)) == printable(text)
    assert printable_line(printable_line(text)) == printable_line(text)
    assert "\n" not in printable_line(text)


SECRET = st.text("Zz9 /\t@:%?#&=+.$!", min_size=1, max_size=12).map(lambda text: f"Q{text}Q")
USER = st.text("abc.@/ ", max_size=5)


@settings(max_examples=500)
@given(USER, SECRET, st.sampled_from(["host.invalid", "host.invalid:8080", "host", "127.0.0.1:80", "[::1]"]))
def test_no_part_of_a_password_in_an_address_is_shown(user: str, password: str, host: str) -> None:
    """A password with raw special characters would be in a plan, in a log or in the state of a stack."""
    url = f"https://{user}:{password}@{host}/path"
    masked = mask_address(url)

    if not re.match(r"[\w.-]*\.[\w.-]*[/?#\s]", user):  # such as a.b/: programs take a.b for the host
        assert masked == f"https://****@{host}/path"
        if not re.match(r"[\w.-]+[/?#\s]", user):
            assert mask_urls(url) == masked or has_unclear_login(url)
