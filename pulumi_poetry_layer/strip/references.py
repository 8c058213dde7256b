"""What a Python module imports, and which files it names. Found by reading its source; nothing is run. Pure."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import LAYER_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DOTTED = re.compile(r"\.*[A-Za-z_]\w*(\.\w+)*")
_IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+([\w.]+)(?:[ \t]+import[ \t]+([\w, \t]+))?", re.MULTILINE)
_QUOTED = re.compile(r"[\"']([^\"'\n]{1,200})[\"']")
_PATH = re.compile(r"[\w.+\-/]{1,250}(?:/\*)?")
_UNKNOWN = "*"
_TAKE_PATHS = frozenset(
    {"Path", "PurePath", "PurePosixPath", "abspath", "contents", "files", "get_data", "is_resource", "join"}
    | {"joinpath", "open_binary", "open_text", "path", "read_binary", "read_text", "realpath", "resource_exists"}
    | {"resource_filename", "resource_isdir", "resource_listdir", "resource_stream", "resource_string"}
)
"""Names of functions whose text arguments are parts of a path, one after the other."""


@dataclass(frozen=True)
class References:
    """What a module refers to.

    Attributes:
        modules: absolute names of modules that it imports, or that a text in it names; of ``from a import b`` both
            ``a`` and ``a.b``, because ``b`` may be a module.
        paths: paths in texts, relative to a folder that is not known; also single names of files. ``a/*`` is a file in
            the folder ``a`` with a name that is not known.
    """

    modules: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)


def references_of(name: str, source: bytes) -> References:
    """What a module refers to.

    A module that this Python cannot parse is read as text. That finds nearly the same, so the result does not depend on
    which Python runs this code.

    Args:
        name: path of the module in the layer.
        source: its source.
    """
    package = module_name(name.rpartition("/")[0])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the code of others, such as invalid escape sequences
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _references_of_text(source.decode(errors="replace"), package)
    found = References()
    inner: set[int] = set()
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):  # the outermost of nested nodes comes first
        found.modules.update(_imports(node, package))
        if id(node) in inner:
            continue
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            inner.update(id(child) for child in ast.walk(node) if isinstance(child, ast.BinOp))
            found.paths.add("/".join(_texts(_operands(node))))
        elif isinstance(node, ast.Call) and _called(node) in _TAKE_PATHS:
            found.paths.update(_joined(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            _add_text(found, node.value, package)
    return References(found.modules, set(filter(_PATH.fullmatch, found.paths)))


def _references_of_text(text: str, package: str) -> References:
    found = References()
    for module, names in _IMPORT.findall(text):
        base = _absolute(module, package)
        found.modules.update([base, *(f"{base}.{name}" for name in re.findall(r"\w+", names))])
    for quoted in _QUOTED.findall(text):
        _add_text(found, quoted, package)
        found.paths.add(quoted)
    return References(found.modules, set(filter(_PATH.fullmatch, found.paths)))


def module_name(path: str) -> str:
    """The name of the package in a folder of the layer: ``python/a/b`` → ``a.b``."""
    return f"{path}/".removeprefix(LAYER_FOLDER).rstrip("/").replace("/", ".")


def _imports(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = _absolute("." * node.level + (node.module or ""), package)
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _absolute(name: str, package: str) -> str:
    """The absolute name of a module that may be given relative to a package."""
    relative = name.lstrip(".")
    level = len(name) - len(relative)
    if not level:
        return name
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *([relative] if relative else [])])


def _add_text(found: References, text: str, package: str) -> None:
    if _DOTTED.fullmatch(text.partition(":")[0]):
        found.modules.add(_absolute(text.partition(":")[0], package))
    if "/" in text or "." in text:
        found.paths.add(text)


def _joined(call: ast.Call) -> Iterator[str]:
    """The path that the text arguments of a call make, and the same with the first one as the name of a package."""
    texts = list(_texts(call.args))
    yield "/".join(texts)
    if texts:
        yield "/".join([texts[0].replace(".", "/"), *texts[1:]])


def _operands(node: ast.expr) -> list[ast.expr]:
    """The operands of ``a / b / c``."""
    operands: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        operands.insert(0, node.right)
        node = node.left
    return [node, *operands]


def _texts(nodes: Iterable[ast.expr]) -> Iterator[str]:
    """The parts of a path that are texts: what comes before is its start, and an unknown name after them is ``*``."""
    has_begun = False
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            has_begun = True
            yield node.value
        elif has_begun:
            yield _UNKNOWN
            return


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
