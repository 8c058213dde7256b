"""The files of one layer or of two as a tree of packages and folders, for the page. Pure.

The tree of a layer with 10,000 files must be small, and the same everywhere, so it is not compressed (zlib releases
differ). Frequent names and endings are written once, and numbers in base 36. If the tree is still too large, the
smallest files of a folder are one entry together.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pulumi_poetry_layer.inspection.comparison import has_changed
from pulumi_poetry_layer.inspection.contents import root_of
from pulumi_poetry_layer.printable import printable_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pulumi_poetry_layer.inspection.contents import LayerContents, LayerFile

_DEEPEST = 40  # folders; a hostile zip has thousands
_LONGEST_NAME = 120  # characters
_MOST_BYTES = 225_000
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_SHORTEST_STEM = 4  # characters; to write a shorter one twice is shorter

SAME, CHANGED = "", "~"
"""In place of the old sizes of a file: it is the same, or has another content of the same sizes."""

ABSENT = "-"
"""In place of the sizes of a file: the layer does not have it."""


class FileSizes(NamedTuple):
    """The sizes of a file in one layer, in bytes."""

    unzipped: int
    zipped: int


@dataclass(frozen=True)
class Leaf:
    """A file, or several small ones together, in the new and in the old layer.

    Attributes:
        new: its sizes in the new layer; None if it is not there.
        old: its sizes in the old layer; None if it is not there, or if there is only one layer.
        is_same: whether it has the same content in both.
    """

    new: FileSizes | None
    old: FileSizes | None = None
    is_same: bool = False

    @property
    def weight(self) -> int:
        """The size by which it is kept or merged."""
        return max(sizes.unzipped for sizes in (self.new, self.old) if sizes)


@dataclass
class Folder:
    """A folder, or a package.

    Attributes:
        files: name → file.
        folders: name → folder.
        merged: how many small files are not in ``files``, and their sizes together.
    """

    files: dict[str, Leaf] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)
    merged: tuple[int, Leaf] | None = None

    def add(self, path: Sequence[str], leaf: Leaf) -> None:
        """Add a file below this folder."""
        folder = self
        for name in path[:-1]:
            folder = folder.folders.setdefault(name, Folder())
        folder.files[_free_name(path[-1], folder.files)] = leaf


def build_tree(new: LayerContents, old: LayerContents | None = None) -> Folder:
    """The tree of a layer, or of two. The folders of the first level are packages.

    Args:
        new: the layer.
        old: the layer to compare with.
    """
    found = _files_by_package(new)
    before = _files_by_package(old) if old else {}
    labels = _labels(new, old)
    tree = Folder()
    for name in sorted(found.keys() | before.keys()):
        files, old_files = found.get(name, {}), before.get(name, {})
        for path in sorted(files.keys() | old_files.keys()):
            leaf = _leaf(files.get(path), old_files.get(path))
            tree.add((labels[name], *_parts(path)), leaf)
    return tree


def _files_by_package(layer: LayerContents) -> dict[str, dict[str, LayerFile]]:
    """Distribution → path of a file → file. A file that several list belongs to the first one."""
    found: dict[str, dict[str, LayerFile]] = {}
    seen: set[str] = set()
    for content in layer.all_contents():
        files = found.setdefault(content.name, {})
        for name in sorted(content.files - seen):
            path = name.removeprefix(root_of(name))
            files[name if path in files else path] = layer.files[name]
        seen |= content.files
    return {name: files for name, files in found.items() if files}


def _labels(new: LayerContents, old: LayerContents | None) -> dict[str, str]:
    """Distribution → its name and version, or both versions if they differ."""
    versions: dict[str, tuple[list[str], list[str]]] = {}
    for index, layer in enumerate((old, new)):
        for content in layer.all_contents() if layer else ():
            versions.setdefault(content.name, ([], []))[index].append(content.version)
    return {
        name: _shown(f"{name} {' → '.join(dict.fromkeys(', '.join(found) for found in pair if found))}".rstrip())
        for name, pair in versions.items()
    }


def _leaf(new: LayerFile | None, old: LayerFile | None) -> Leaf:
    is_same = new is not None and old is not None and not has_changed(old, new)
    return Leaf(_sizes(new), _sizes(old), is_same)


def _sizes(file: LayerFile | None) -> FileSizes | None:
    return FileSizes(file.unzipped_size, file.size) if file else None


def _parts(path: str) -> list[str]:
    parts = [part for part in path.split("/") if part] or ["?"]
    if len(parts) > _DEEPEST:
        parts[_DEEPEST:] = [parts[-1]]
    return [_shown(part) for part in parts]


def _shown(name: str) -> str:
    text = printable_line(name).replace("/", "|")
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 20]}…{text[-19:]}"


def _free_name(name: str, taken: Mapping[str, Leaf]) -> str:
    """The name, with a number if another file has it: names that are shortened can be the same."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free


def tree_document(tree: Folder, *, compares: bool) -> dict[str, Any]:
    """The tree as a JSON value, in the form that the script of the page reads.

    Args:
        tree: the tree; its smallest files are merged if it is too large.
        compares: whether it is the tree of two layers.
    """
    names = [name for folder in _folders(tree) for name in folder.files]
    words = _Words(names)
    _merge_small_files(tree, words, compares=compares)
    return {"endings": words.endings, "stems": words.stems, "tree": _folder_document("", tree, words, compares)}


class _Words:
    """The endings and stems that many file names have.

    Attributes:
        endings: the endings, the most frequent first; the first one is empty.
        stems: the stems, the most frequent first.
    """

    def __init__(self, names: Sequence[str]) -> None:
        split = [_split(name) for name in names]
        self.endings = ["", *_frequent(ending for _, ending in split if ending)]
        self._endings = {ending: index for index, ending in enumerate(self.endings)}
        stems = (stem if ending in self._endings else stem + ending for stem, ending in split)
        self.stems = _frequent(stem for stem in stems if len(stem) >= _SHORTEST_STEM)
        self._stems = {stem: index for index, stem in enumerate(self.stems)}

    def encode(self, name: str) -> str:
        """``stem/ending``, each as text or as a number."""
        stem, ending = _split(name)
        if ending not in self._endings:
            stem, ending = name, ""
        known = self._stems.get(stem)
        return f"{stem if known is None else '/' + _base36(known)}/{_base36(self._endings[ending])}"


def _split(name: str) -> tuple[str, str]:
    at = name.find(".", 1)
    return (name, "") if at < 0 else (name[:at], name[at:])


def _frequent(words: Iterable[str]) -> list[str]:
    counts = Counter(words)
    return sorted((word for word, count in counts.items() if count > 1), key=lambda word: (-counts[word], word))


def _folders(tree: Folder) -> Iterator[Folder]:
    yield tree
    for folder in tree.folders.values():
        yield from _folders(folder)


def _merge_small_files(tree: Folder, words: _Words, *, compares: bool) -> None:
    """Merge the smallest files until the tree is small enough; a folder without other files disappears."""
    cost = sum(len(word) + 3 for word in (*words.endings, *words.stems))
    kept: set[int] = set()
    paid: set[int] = set()
    leaves = [(leaf, name, path) for name, leaf, path in _leaves(tree, ())]
    for leaf, name, path in sorted(leaves, key=lambda one: -one[0].weight):
        new_folders = [(folder, text) for folder, text in path if id(folder) not in paid]
        cost += len(_file_document(name, leaf, words, compares)) + 1 + _escapes(name)
        cost += sum(len(text) + _escapes(text) + 30 for _, text in new_folders)
        if cost > _MOST_BYTES:
            break
        paid.update(id(folder) for folder, _ in new_folders)
        kept.add(id(leaf))
    if len(kept) < len(leaves):
        _merge(tree, kept)


def _leaves(
    folder: Folder, path: tuple[tuple[Folder, str], ...]
) -> Iterator[tuple[str, Leaf, tuple[tuple[Folder, str], ...]]]:
    for name, leaf in folder.files.items():
        yield name, leaf, path
    for name, inner in folder.folders.items():
        yield from _leaves(inner, (*path, (inner, name)))


def _escapes(text: str) -> int:
    """How many characters JSON adds to a text: six in place of one that is not ASCII or that HTML knows."""
    return sum(5 for char in text if not " " <= char <= "~" or char in '"\\<>&')


def _merge(folder: Folder, kept: set[int]) -> tuple[int, Leaf] | None:
    """Take the files that are not kept out of a folder. Returns them if nothing else is in it."""
    gone = [(1, leaf) for leaf in folder.files.values() if id(leaf) not in kept]
    folder.files = {name: leaf for name, leaf in folder.files.items() if id(leaf) in kept}
    for name, inner in list(folder.folders.items()):
        if (merged := _merge(inner, kept)) is not None:
            gone.append(merged)
            del folder.folders[name]
    together = (sum(count for count, _ in gone), _sum([leaf for _, leaf in gone])) if gone else None
    if not folder.files and not folder.folders:
        return together
    folder.merged = together
    return None


def _sum(leaves: Sequence[Leaf]) -> Leaf:
    return Leaf(
        _sum_of_sizes([leaf.new for leaf in leaves if leaf.new]),
        _sum_of_sizes([leaf.old for leaf in leaves if leaf.old]),
        all(leaf.is_same for leaf in leaves),
    )


def _sum_of_sizes(sizes: Sequence[FileSizes]) -> FileSizes | None:
    return FileSizes(sum(one.unzipped for one in sizes), sum(one.zipped for one in sizes)) if sizes else None


def _folder_document(name: str, folder: Folder, words: _Words, compares: bool) -> list[Any]:
    document: list[Any] = [
        name,
        "/".join(_file_document(file, leaf, words, compares) for file, leaf in folder.files.items()),
        [_folder_document(inner, one, words, compares) for inner, one in folder.folders.items()],
    ]
    if folder.merged:
        count, leaf = folder.merged
        document += [count, _sizes_document(leaf, compares)]
    return document


def _file_document(name: str, leaf: Leaf, words: _Words, compares: bool) -> str:
    return f"{words.encode(name)}/{_sizes_document(leaf, compares)}"


def _sizes_document(leaf: Leaf, compares: bool) -> str:
    """``unzipped/zipped``, and if two layers are compared the same of the old one, or a sign."""
    sizes = _numbers(leaf.new)
    if not compares:
        return sizes
    if leaf.is_same and leaf.new == leaf.old:
        return f"{sizes}/{SAME}"
    return f"{sizes}/{CHANGED if leaf.new == leaf.old else _numbers(leaf.old)}"


def _numbers(sizes: FileSizes | None) -> str:
    return f"{_base36(sizes.unzipped)}/{_base36(sizes.zipped)}" if sizes else ABSENT


def _base36(number: int) -> str:
    digits = _DIGITS[number % 36]
    while number := number // 36:
        digits = _DIGITS[number % 36] + digits
    return digits
