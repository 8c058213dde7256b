"""Which tests, stubs and sources a distribution does not need itself. Pure.

The code that is no test is read, and nothing of it is run. A folder with tests stays as a whole if that code imports
something of it, or names a module or a file in it: in a text or as an entry point. A path that ends with the folder is
not enough, because code that starts tests or skips them in a traceback contains that. A source stays if that code names
it. All stubs stay if that code reads stubs, as ``lazy_loader.attach_stub`` does.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import LAYER_FOLDER
from pulumi_poetry_layer.strip.kinds import TEST_FOLDERS, is_source, is_stub, is_test_configuration, test_folders
from pulumi_poetry_layer.strip.references import module_name, references_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

_TEST_WORD = re.compile(rb"(?i)\b(?:_?tests?|selftest|testsuite|conftest)\b")
_SOURCE_WORD = re.compile(rb"(?i)\.(?:cc?|cpp|cxx|hh?|hpp|hxx|pxd|pxi|pyx|rs|f|f90)\b|\b(?:include|src)\b")
_READS_STUBS = re.compile(rb"\.pyi\b|\battach_stub\b")
_NATIVE = re.compile(r"\.so(?:\.[\d.]+)?$")
_LARGEST = 8 << 20
"""Bytes of the largest Python file that is read; a larger one is data."""


@dataclass(frozen=True)
class Unneeded:
    """What a distribution does not need.

    Attributes:
        names: paths of the files in the layer.
        test_packages: names of the packages with tests that are among them.
        foreign_tests: names of modules that its code refers to, and that may be tests of other distributions.
    """

    names: frozenset[str] = frozenset()
    test_packages: tuple[str, ...] = ()
    foreign_tests: tuple[str, ...] = ()


@dataclass
class _Mentions:
    """What the code of a distribution refers to.

    Attributes:
        modules: absolute names of modules.
        paths: paths in the layer of files and folders.
        file_names: names of files without a folder.
        stubs: whether it reads stubs.
    """

    modules: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)
    file_names: set[str] = field(default_factory=set)
    stubs: bool = False


def unneeded_files(sizes: dict[str, int], read: Callable[[str], bytes], kinds: Collection[str]) -> Unneeded:
    """The files of some kinds that a distribution does not need.

    Args:
        sizes: path in the layer → size in bytes, of all its files.
        read: reads one of them.
        kinds: the kinds.
    """
    tests = test_folders(sizes) if "tests" in kinds else set()
    stubs = [name for name in sizes if "stubs" in kinds and is_stub(name)]
    sources = [name for name in sizes if "sources" in kinds and is_source(name)]
    configurations = [name for name in sizes if "tests" in kinds and is_test_configuration(name)]
    code = [name for name in sizes if name not in configurations and tests.isdisjoint(_folders(name))]
    words = [word for word, kind in ((_TEST_WORD, "tests"), (_SOURCE_WORD, "sources")) if kind in kinds]
    mentions = _mentions(code, sizes, read, words)
    runners = {name for name in configurations if module_name(name.removesuffix(".py")) not in mentions.modules}
    if imported := [name for name in configurations if name not in runners]:
        mentions = _mentions([*code, *imported], sizes, read, words)
    tests = {folder for folder in tests if not _is_test_needed(folder, mentions)}
    tests -= _named_by_natives(tests, code, read)
    names = {name for name in sizes if not tests.isdisjoint(_folders(name))}
    names.update(runners)
    if not any(map(_is_module, sizes.keys() - names)):
        tests, names = set(), set()  # the distribution consists of tests
    names.update([] if mentions.stubs else stubs)
    names.update(name for name in sources if not _is_source_needed(name, mentions))
    own = {name.removeprefix(LAYER_FOLDER).partition("/")[0].partition(".")[0] for name in sizes}
    return Unneeded(
        frozenset(names),
        tuple(sorted(map(module_name, tests))),
        tuple(sorted(m for m in mentions.modules if _may_be_test(m) and m.partition(".")[0] not in own)),
    )


def _mentions(
    code: Iterable[str], sizes: dict[str, int], read: Callable[[str], bytes], words: Iterable[re.Pattern[bytes]]
) -> _Mentions:
    """What the code refers to, as far as its files contain one of the words."""
    found = _Mentions()
    known = sizes.keys() | {folder for name in sizes for folder in _folders(name)}
    for name in code:
        if name.endswith(".dist-info/entry_points.txt"):
            found.modules.update(re.findall(r"=\s*([\w.]+)", read(name).decode(errors="replace")))
        if not name.endswith(".py") or sizes[name] > _LARGEST:
            continue
        source = read(name)
        may_read_stubs = not found.stubs and _READS_STUBS.search(source)
        if may_read_stubs or any(word.search(source) for word in words):
            references = references_of(name, source)
            found.stubs = found.stubs or b"attach_stub" in source or any(".pyi" in path for path in references.paths)
            found.modules |= references.modules
            found.paths.update(_existing(name, references.paths, known))
            found.file_names.update(path for path in references.paths if "/" not in path)
    return found


def _existing(module: str, paths: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """The files and folders of the layer that paths in a module may mean: relative to any folder around it."""
    around = _folders(module)
    for path in paths:
        for folder in around:
            name = posixpath.normpath(f"{folder}/{path}")
            if name.removesuffix("/*") in known and name.removesuffix("/*") not in around:
                yield name


def _is_test_needed(folder: str, mentions: _Mentions) -> bool:
    package = module_name(folder)
    return any(module == package or module.startswith(f"{package}.") for module in mentions.modules) or any(
        path.startswith(f"{folder}/") for path in mentions.paths
    )


def _is_source_needed(name: str, mentions: _Mentions) -> bool:
    folder, _, file = name.rpartition("/")
    return file in mentions.file_names or not mentions.paths.isdisjoint({name, f"{folder}/*"})


def _named_by_natives(tests: Iterable[str], code: Iterable[str], read: Callable[[str], bytes]) -> set[str]:
    """The folders with tests that a native module imports by their full name."""
    packages = {module_name(folder).encode(): folder for folder in tests}
    found: set[str] = set()
    for name in code if packages else ():
        if _NATIVE.search(name):
            data = read(name)
            if b".test" in data or b"._test" in data:
                found.update(folder for package, folder in packages.items() if _contains_name(data, package))
    return found


def _contains_name(data: bytes, package: bytes) -> bool:
    return package in data and re.search(rb"(?<![\w.])" + re.escape(package) + rb"(?!\w)", data) is not None


def _may_be_test(module: str) -> bool:
    return not TEST_FOLDERS.isdisjoint(module.lower().split("."))


def _is_module(name: str) -> bool:
    return name.startswith(LAYER_FOLDER) and (name.endswith(".py") or _NATIVE.search(name) is not None)


def _folders(name: str) -> list[str]:
    """All folders that contain a file, from the outermost on."""
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
