"""The texts of all error messages of the package, read from its source.

A text is what an error says is wrong, with ``…`` for what differs from one time to another.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer import errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = Path(errors.__file__).parent
GAP = "…"
"""What stands for a part that differs."""

_POSITIONS = {"problem": 1, "_problem": 1, "error": 0, "Finding": 0, "WrongValue": 0, "UsageError": 0}
"""What makes an error besides the classes of the tree → which argument is the text."""

_ENUMERATIONS = {"Failure"}
"""Classes whose members are texts."""

_VALUES_OF_OPTIONS = ("cli/", "units.py")
"""Where the text of a ValueError becomes a message, about the value of an option."""

_REASONS = {"str | None", "tuple[str, str | None]", "tuple[str, str | None] | None"}
"""What functions return that say what is wrong with something: the text, and maybe a hint."""


@dataclass(frozen=True, order=True)
class Message:
    """A text in the source.

    Attributes:
        module: path of the module in the package.
        function: name of the function.
        text: the text; only a gap if the error passes on a text that is made elsewhere.
    """

    module: str
    function: str
    text: str


@cache
def all_messages() -> list[Message]:
    """The messages of all modules, sorted."""
    modules = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text("utf-8")) for path in _modules()}
    shared = {name: value for tree in modules.values() for name, value in _constants(tree) if not name.startswith("_")}
    return sorted(
        {
            found
            for name, tree in modules.items()
            for found in _Reader(name, {**shared, **dict(_constants(tree))}).messages(tree)
        }
    )


def _modules() -> Iterator[Path]:
    return (path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.name != "__init__.py")


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """The constants of a module that are strings."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))


class _Reader:
    """Finds the messages of one module."""

    def __init__(self, module: str, constants: Mapping[str, ast.expr]) -> None:
        self._module = module
        self._constants = constants

    def messages(self, tree: ast.Module) -> Iterator[Message]:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name in _ENUMERATIONS:
                values = [part.value for part in node.body if isinstance(part, ast.Assign)]
                yield from (self._message(node.name, text) for value in values for text in _texts(value, {}))
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield from (self._message(node.name, text) for text in self._texts_in(node))

    def _message(self, function: str, text: str) -> Message:
        return Message(self._module, function, text)

    def _texts_in(self, scope: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
        names = {**self._constants, **dict(_assignments(scope))}
        for node in _own_nodes(scope):
            if isinstance(node, ast.Call) and (argument := self._text_argument(node, scope.name)) is not None:
                yield from _texts(argument, names)
            elif isinstance(node, ast.Return) and node.value is not None and _says_what_is_wrong(scope):
                value = node.value.elts[0] if isinstance(node.value, ast.Tuple) else node.value
                yield from (text for text in _texts(value, names) if text != GAP)

    def _text_argument(self, call: ast.Call, scope: str) -> ast.expr | None:
        """The argument of a call that is the text of a message; None if the call makes no error."""
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        if name == "_error":  # the private ones have the text as their last argument
            return call.args[-1]
        if name == "error" and isinstance(call.func, ast.Name) and "where" not in keywords:
            return None  # the class of an error of another program
        if name in _POSITIONS:
            return keywords.get("problem") or next(iter(call.args[_POSITIONS[name] :]), None)
        is_error = name in vars(errors) and name.endswith("Error")
        is_error |= name == "ValueError" and self._module.startswith(_VALUES_OF_OPTIONS)
        is_error |= name == "__init__" and scope == name and self._module == "errors.py"
        return next(iter(call.args), None) if is_error else None


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function or class, without those of the functions and classes in it."""
    for node in ast.iter_child_nodes(scope):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node
            yield from _own_nodes(node)


def _says_what_is_wrong(scope: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    if isinstance(scope, ast.ClassDef) or scope.returns is None or ast.unparse(scope.returns) not in _REASONS:
        return False
    return scope.name.endswith(("_problem", "_not_a_layer", "_other_zip"))


def _assignments(scope: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for node in _own_nodes(scope):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value


def _texts(expression: ast.expr, names: Mapping[str, ast.expr]) -> list[str]:
    """The texts that an expression can have, each on one line."""
    if isinstance(expression, ast.IfExp):
        return [*_texts(expression.body, names), *_texts(expression.orelse, names)]
    if isinstance(expression, ast.Name) and expression.id in names:
        others = {name: value for name, value in names.items() if name != expression.id}
        return _texts(names[expression.id], others)
    if isinstance(expression, ast.BinOp):
        starts, ends = _texts(expression.left, names), _texts(expression.right, names)
        return [_tidy(start + end) for start in starts for end in ends]
    if isinstance(expression, ast.JoinedStr):
        constants = {name: value for name, value in names.items() if name.isupper()}
        for known in (constants, names):  # variables only if nothing is left of the text without them
            parts = [_texts_of_part(part, known) for part in expression.values]
            texts = [_tidy("".join(chosen)) for chosen in product(*parts)]
            if any(map(has_words, texts)):
                break
        return texts
    if isinstance(expression, ast.FormattedValue) and isinstance(expression.value, ast.Name):
        return _texts(expression.value, names)
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        return [_tidy(expression.value)]
    if isinstance(expression, ast.Call) and expression.args and isinstance(expression.args[0], ast.List):
        return _texts(expression.args[0].elts[0], names)  # the first of several lines that are joined
    return [GAP]


def _texts_of_part(part: ast.expr, names: Mapping[str, ast.expr]) -> list[str]:
    return [str(part.value)] if isinstance(part, ast.Constant) else _texts(part, names)


def has_words(text: str) -> bool:
    """Whether a text says something; an error that passes on the text of another one does not."""
    return any(map(str.isalpha, text))


def _tidy(text: str) -> str:
    return re.sub(rf"{GAP}(\.?{GAP})+", GAP, text.partition("\n")[0])
