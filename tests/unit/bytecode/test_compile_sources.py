"""The program that compiles: valid modules, and the same bytes in every process."""

from __future__ import annotations

import importlib.util
import json
import marshal
import random
import sys
from collections.abc import Mapping
from importlib.machinery import SourcelessFileLoader
from pathlib import Path

import pytest

from pulumi_poetry_layer.bytecode import compile_sources
from pulumi_poetry_layer.bytecode.compiler import OPTIONS, SCRIPT, VARIABLES, find_compiler
from pulumi_poetry_layer.host.interpreters import find_python
from pulumi_poetry_layer.host.process import Program, run

VERSIONS = [(3, minor) for minor in range(9, 16)]
MODULE = """
import os

class Outer:
    class Inner:
        def method(self, key):
            return key in {"one", "two", b"three", 4, None}

def function(a, b=(1, "two", ("three", 2.5)), *, c=frozenset({"x"})):
    def closure(z):
        return a, z, "with spaces, so not interned"
    return [closure(i) for i in range(b)]
"""


def write(folder: Path, sources: Mapping[str, bytes]) -> Path:
    """Write what the program reads."""
    folder.mkdir()
    (folder / "sources").write_bytes(b"".join(sources.values()))
    (folder / "sources.json").write_text(json.dumps([(len(data), name) for name, data in sources.items()]))
    return folder


def compiled(folder: Path, names: list[str], shares: int = 1) -> dict[str, bytes]:
    """What the program has written: name → content."""
    found = {}
    for share in range(shares):
        data = (folder / f"compiled-{share}").read_bytes()
        for name, length in zip(
            names[share::shares], json.loads((folder / f"compiled-{share}.json").read_text()), strict=True
        ):
            found[name], data = data[:length], data[length:]
        assert not data
    return found


def test_module_is_a_pyc_with_an_unchecked_hash_and_its_path_on_lambda(tmp_path: Path) -> None:
    """Otherwise Python compiles it again, or tracebacks name a path of the build machine."""
    source = b"def f():\n    return __file__\n"
    name = "/opt/python/app.py"
    compile_sources.main(str(write(tmp_path / "work", {name: source})), "0", "1")

    (data,) = compiled(tmp_path / "work", [name]).values()

    assert data[:4] == importlib.util.MAGIC_NUMBER
    assert data[4:8] == b"\x01\0\0\0"  # PEP 552: hash-based, not checked
    assert data[8:16] == importlib.util.source_hash(source)
    code = marshal.loads(data[16:])  # noqa: S302 - written above
    assert code.co_filename == code.co_consts[0].co_filename == name
    (tmp_path / "app.pyc").write_bytes(data)
    SourcelessFileLoader("app", str(tmp_path / "app.pyc")).get_code("app")


@pytest.mark.parametrize(
    "source",
    [b"print 'Python 2'\n", b"\0", b"# coding: nonsense\n", b"x = " + b"(" * 500, b"\xff", b"return", b"'\\ud800'\x00"],
)
def test_invalid_source_has_no_compiled_module(source: bytes) -> None:
    """Otherwise one template in a package fails the whole layer."""
    assert compile_sources.compiled(source, "x.py") == b""


def test_sources_are_not_run(tmp_path: Path) -> None:
    """A package could run code on the build machine."""
    marker = tmp_path / "ran"
    assert compile_sources.compiled(f"open({str(marker)!r}, 'w')\n".encode(), "x.py")
    assert not marker.exists()


def samples() -> dict[str, bytes]:
    """Sources with all kinds of constants and names, from the standard library, this package and above."""
    paths = [*Path(json.__file__).parent.glob("*.py"), *SCRIPT.parents[1].glob("*/*.py")]
    paths += sorted(Path(importlib.util.__file__).parents[1].glob("[a-c]*.py"))
    return {
        "/opt/python/module.py": MODULE.encode(),
        **{f"/opt/python/{path.name}": path.read_bytes() for path in paths},
    }


def test_bytes_do_not_depend_on_what_else_is_compiled_nor_on_the_process(tmp_path: Path) -> None:
    """Otherwise the same lock file gives different layers, depending on the processors of the machine."""
    programs = list(filter(None, map(find_python, VERSIONS)))
    assert programs
    for program in programs:
        check_bytes(tmp_path / program.name, program)


def check_bytes(folder: Path, program: Program) -> None:
    """Compile the samples together, in another order in several processes, and some of them alone."""
    sources = samples()
    names = list(sources)

    def compile_all(place: str, order: list[str], shares: int) -> dict[str, bytes]:
        write(folder / place, {name: sources[name] for name in order})
        for share in range(shares):
            arguments = [*OPTIONS, str(SCRIPT), str(folder / place), str(share), str(shares)]
            run(program, arguments, environment=VARIABLES, folder=folder)
        return compiled(folder / place, order, shares)

    folder.mkdir()
    together = compile_all("together", names, 1)
    shuffled = random.Random(1).sample(names, len(names))  # noqa: S311
    assert compile_all("shuffled", shuffled, 3) == together, program
    for number, name in enumerate(names[:4]):
        assert compile_all(f"alone-{number}", [name], 1)[name] == together[name], (program, name)
    assert sum(map(bool, together.values())) > len(names) - 5


def test_strings_are_shared_whether_other_modules_use_them_or_not() -> None:
    """Python marks an object in a pyc as shared if its process has another reference to it."""
    source = b"def name_that_only_this_module_has():\n    return name_that_only_this_module_has.attribute_of_it\n"
    alone = compile_sources.compiled(source, "/opt/python/x.py")
    held = [sys.intern("name_that_only_this_module_has"), sys.intern("attribute_of_it")]
    assert compile_sources.compiled(source, "/opt/python/x.py") == alone
    del held


def test_interned_characters_and_equal_sets_do_not_depend_on_the_process() -> None:
    """Python writes both in a way that depends on the modules before."""
    source = b"x = '\\xe9'\ndef f(a):\n    return a in {'p', 'q'}\ndef g(a):\n    return a in {'q', 'p'}\n"
    alone = compile_sources.compiled(source, "/opt/python/x.py")
    exec("\xe9 = 1", {})  # noqa: S102 - interns the name
    assert compile_sources.compiled(source, "/opt/python/x.py") == alone
    code = marshal.loads(alone[16:])  # noqa: S302 - written above
    functions = [constant for constant in code.co_consts if hasattr(constant, "co_consts")]
    one, other = (next(c for c in function.co_consts if isinstance(c, frozenset)) for function in functions)
    assert one is other


def test_set_whose_order_differs_is_left_out_where_marshal_does_not_sort(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before Python 3.11 the order depends on addresses in memory."""
    monkeypatch.setattr(compile_sources, "_MARSHAL_SORTS_SETS", False)
    assert compile_sources.compiled(b"x in {'a', 'b', 3}\n", "x.py")
    assert compile_sources.compiled(b"x in {'a', None}\n", "x.py") == b""
    assert compile_sources.compiled(b"def f():\n    return x in {'a', (None, 1)}\n", "x.py") == b""


def test_compiler_of_this_machine_runs_the_shares(tmp_path: Path) -> None:
    """Otherwise nothing is compiled in a build."""
    compiler = find_compiler("{}.{}".format(*sys.version_info[:2]))
    sources = {f"/opt/python/m{number}.py": b"x = 1\n" for number in range(5)}
    folder = write(tmp_path / "work", sources)

    compiler.run(folder, [("0", "2"), ("1", "2")])

    assert compiler.release == "{}.{}.{}".format(*sys.version_info[:3])
    assert all(compiled(folder, list(sources), 2).values())
