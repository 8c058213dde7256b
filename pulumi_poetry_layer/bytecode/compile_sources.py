"""Compiles Python sources. The Python of the target runs this file, so it needs nothing but the standard library.

Nothing of the sources is run. The same source gives the same bytes, whatever else is compiled, and in which order:

- A compiled module is valid because of its place, not because of a date (PEP 552, an unchecked hash).
- ``marshal`` marks an object as shared if something else refers to it, too. Names are shared by all modules that are
  loaded, so every string of a module gets one more reference before it is written.
- ``marshal`` also writes whether a string is interned. All strings of one character are the same objects in a process,
  so all of them are interned here, before any module does that with some.
- Equal frozensets of a module become one object, because the compiler of Python 3.15 shares them only sometimes.
- Before Python 3.11, ``marshal`` writes the items of a frozenset in the order of their hashes. The caller sets
  ``PYTHONHASHSEED``; the hash of None is an address all the same, so a module with such a set is left out.

Usage: compile_sources.py FOLDER SHARE SHARES

``FOLDER/sources`` contains all sources one after the other, ``FOLDER/sources.json`` a list of their lengths and names.
Of these, each process takes every SHARES-th one. It writes the compiled modules one after the other to
``FOLDER/compiled-SHARE``, and their lengths to ``FOLDER/compiled-SHARE.json``: 0 for a source that is not valid.
"""

from __future__ import annotations

import importlib.util
import json
import marshal
import operator
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType

_UNCHECKED_HASH = (0b01).to_bytes(4, "little")
_MARSHAL_SORTS_SETS = sys.version_info >= (3, 11)
_CHARACTERS = tuple(sys.intern(chr(code)) for code in range(256))


def main(folder: str, share: str, shares: str) -> None:
    """Compile one share of the sources."""
    warnings.simplefilter("ignore")
    place, first, step = Path(folder), int(share), int(shares)
    listed = json.loads((place / "sources.json").read_text(encoding="utf-8"))
    lengths = []
    offset = 0
    with (place / "sources").open("rb") as sources, (place / f"compiled-{share}").open("wb") as output:
        for index, (length, name) in enumerate(listed):
            if index % step == first:
                sources.seek(offset)
                data = compiled(sources.read(length), name)
                output.write(data)
                lengths.append(len(data))
            offset += length
    (place / f"compiled-{share}.json").write_text(json.dumps(lengths), encoding="utf-8")


def compiled(source: bytes, name: str) -> bytes:
    """The content of the compiled module; empty if the source is not valid.

    Args:
        source: the source.
        name: its path on the target.
    """
    try:
        code = _with_shared_sets(compile(source, name, "exec", dont_inherit=True, optimize=0), {})
        held = list(_parts(code))
        if not (_MARSHAL_SORTS_SETS or all(map(_has_fixed_order, held))):
            return b""
        data = marshal.dumps(code)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return b""
    return importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(source) + data


def _with_shared_sets(code: CodeType, sets: dict[bytes, object]) -> CodeType:
    """The same code, in which equal frozensets are one object. Whether the compiler shares them depends on the process.

    Args:
        code: the code of a module or a function.
        sets: the frozensets so far, by their content.
    """
    constants: list[object] = []
    for constant in code.co_consts:
        if isinstance(constant, frozenset):
            constants.append(sets.setdefault(marshal.dumps(constant, 2), constant))
        else:
            constants.append(_with_shared_sets(constant, sets) if isinstance(constant, CodeType) else constant)
    has_sets = any(isinstance(constant, frozenset) for constant in constants)
    is_changed = any(map(operator.is_not, constants, code.co_consts))
    return code.replace(co_consts=tuple(constants)) if has_sets or is_changed else code


def _parts(value: object) -> Iterator[object]:
    """A constant, and everything in it: the items of tuples and sets, the names and constants of functions."""
    yield value
    items: Iterable[object] = ()
    if isinstance(value, CodeType):
        yield from (value.co_name, value.co_filename, getattr(value, "co_qualname", None))
        for names in (value.co_names, value.co_varnames, value.co_cellvars, value.co_freevars):
            yield from names
        items = value.co_consts
    elif isinstance(value, (tuple, frozenset)):
        items = value
    for item in items:
        yield from _parts(item)


def _has_fixed_order(value: object) -> bool:
    """Whether the items of a constant have the same order in every process, if ``PYTHONHASHSEED`` is the same."""
    return not isinstance(value, frozenset) or all(isinstance(item, (str, bytes, int, float)) for item in value)


if __name__ == "__main__":
    main(*sys.argv[1:])
