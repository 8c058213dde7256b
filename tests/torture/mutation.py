"""Changes bytes, texts and documents at random."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from random import Random
from typing import Any

NUMBERS = (0, 1, -1, 2, 127, 128, 255, 256, 32767, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, -(2**63))
"""Where computers err."""

TEXTS = (
    "",
    " ",
    "\0",
    "\n",
    "\r",
    "\x1b[2J",
    "\u202e",
    "\ufeff",
    "é" * 200,
    "\U0001d54f",
    "a" * 300,
    "a" * 100_000,
    "0" * 5000,
    "../" * 30 + "etc/passwd",
    "/etc/passwd",
    "C:\\x",
    "-x",
    "--option=x",
    "%2e%2e%2f",
    "~root",
    "*",
    "[" * 5000,
    "(" * 5000,
    "((" * 20,
    "a.b.c" * 50,
    "1.0",
    "1e999",
    ">=0,<0",
    "==*",
    "!=1.*,!=2.*",
    "^0.0.0",
    "~=1",
    "1.0+local",
    "9" * 400 + ".0",
    "python_version < '3'",
    "extra == 'a' or extra == 'b'",
    "http://[::1",
    "http://u:p@h:99999/x",
    "file:///etc/passwd",
    "ssh://-oProxyCommand=x/y",
    "git",
    "directory",
    "file",
    "url",
    "legacy",
    "main",
    "sha256:",
    "sha256:" + "0" * 64,
    "md5:" + "0" * 32,
    "a-1.0-py3-none-any.whl",
    "a-1.0.tar.gz",
    "2.1",
    "1.1",
    "true",
)
"""Texts that are something special to somebody."""


def mutated_bytes(data: bytes, random: Random, tokens: Sequence[bytes] = ()) -> bytes:
    """Bytes with one to six changes.

    Args:
        data: the bytes.
        random: decides what is changed.
        tokens: what to insert now and then.
    """
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        _mutate(changed, random, tokens)
    return bytes(changed)


def _mutate(data: bytearray, random: Random, tokens: Sequence[bytes]) -> None:
    start = random.randrange(len(data) + 1)
    end = min(len(data), start + int(random.paretovariate(0.7)))
    kind = random.randrange(9)
    if kind == 0 and start < len(data):
        data[start] ^= 1 << random.randrange(8)
    elif kind == 1:
        del data[start:end]
    elif kind == 2:
        data[start:start] = data[start:end] * random.choice((1, 1, 2, 50))
    elif kind == 3:
        size = random.choice((1, 2, 4, 8))
        number = random.choice(NUMBERS) % (1 << 8 * size)
        data[start : start + size] = number.to_bytes(size, "little")
    elif kind == 4 and random.random() < 0.2:
        del data[start:]
    elif kind == 5 and tokens:
        data[start:start] = random.choice(tokens)
    elif kind == 6 and tokens:
        token = random.choice(tokens)
        data[start : start + len(token)] = token
    elif kind == 7:
        other = random.randrange(len(data) + 1)
        data[start:end] = data[other : other + end - start]
    else:
        data[start:end] = random.randbytes(end - start)


def mutated_text(text: str, random: Random, tokens: Sequence[str] = TEXTS) -> str:
    """A text with one to six changes, which can be written as UTF-8."""
    if random.random() < 0.5:  # in lines
        lines = text.split("\n")
        for _ in range(random.choice((1, 1, 2, 4))):
            start = random.randrange(len(lines))
            end = start + int(random.paretovariate(1.0))
            kind = random.randrange(3)
            if kind == 0:
                del lines[start:end]
            elif kind == 1:
                lines[start:start] = lines[random.randrange(len(lines) + 1) :][: end - start]
            else:
                lines[start:end] = lines[start:end][::-1]
            lines = lines or [""]
        text = "\n".join(lines)
    if random.random() < 0.7:
        encoded = [token.encode() for token in tokens]
        text = mutated_bytes(text.encode(), random, encoded).decode("utf-8", "ignore")
    return text


def mutated_document(document: Any, random: Random, values: Sequence[Any] = ()) -> Any:
    """A copy of a document of tables, lists and values, with one to four changes."""
    changed = copy.deepcopy(document)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        _change_one(changed, random, values)
    return changed


def _change_one(document: Any, random: Random, values: Sequence[Any]) -> None:
    places = list(_places(document))
    if not places:
        return
    parent, key = random.choice(places)
    kind = random.randrange(8)
    if kind == 0:
        del parent[key]
    elif kind == 1:
        other, other_key = random.choice(places)
        parent[key] = copy.deepcopy(other[other_key])
    elif kind == 2 and isinstance(parent, dict):
        parent[random.choice([*TEXTS, *map(str, parent)])] = parent.pop(key)
    elif kind == 3 and isinstance(parent, list):
        parent.insert(0, copy.deepcopy(parent[key]))
    elif kind == 4 and isinstance(parent[key], str):
        parent[key] = mutated_text(parent[key], random)
    else:
        parent[key] = _odd_value(random, parent[key], values)


def _places(document: Any) -> Any:
    """All values in a document, as a container and a key."""
    if isinstance(document, dict | list):
        for key in document if isinstance(document, dict) else range(len(document)):
            yield document, key
            yield from _places(document[key])


def _odd_value(random: Random, value: Any, values: Sequence[Any]) -> Any:
    kind = random.randrange(7)
    if kind < 3:
        return random.choice([*TEXTS, *values])
    if kind == 3:
        return random.choice([*NUMBERS, 1.5, float("inf"), float("nan"), True, False])
    if kind == 4:
        return random.choice([[], {}, [[]], [{}], {"": ""}, ["", ""]])
    nested: Any = value
    for _ in range(random.choice((1, 2, 60))):
        nested = [nested] if kind == 5 else {"a": nested}
    return nested
