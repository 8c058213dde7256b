"""The tree of files in the page: complete, small, and within its bounds for hostile names."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from samples.layers import SITE_PACKAGES, installed, write_zip

from pulumi_poetry_layer.inspection import file_tree
from pulumi_poetry_layer.inspection.contents import LayerContents, read_layer
from pulumi_poetry_layer.inspection.file_tree import build_tree, tree_document


def layer(path: Path, *parts: dict[str, bytes]) -> LayerContents:
    """A layer of these files."""
    return read_layer(write_zip(path, *parts))


def paths(document: dict[str, Any]) -> dict[str, list[str]]:
    """Path → sizes of each file in the document, read as the script of the page reads it."""
    found: dict[str, list[str]] = {}

    def read(folder: list[Any], above: str) -> None:
        path = f"{above}{folder[0]}/" if folder[0] else above
        words = folder[1].split("/") if folder[1] else []
        while words:
            stem = words.pop(0) or document["stems"][int(words.pop(0), 36)]
            name = stem + document["endings"][int(words.pop(0), 36)]
            sizes = [words.pop(0)]
            sizes += [words.pop(0)] if sizes != ["-"] else []
            found[path + name] = [str(int(size, 36)) if size != "-" else size for size in sizes]
        for inner in folder[2]:
            read(inner, path)

    read(document["tree"], "")
    return found


def test_every_file_is_in_the_tree_once(tmp_path: Path) -> None:
    """The areas of the page would not add up."""
    shared = installed("b", {"ns/__init__.py": b"", "ns/b.py": b"123"})
    contents = layer(
        tmp_path / "layer.zip",
        {**shared, **installed("a", {"ns/__init__.py": b"", "ns/a.py": b"12", "ns/.hidden": b"1"})},
        installed("c", {"c.py": b"1"}, root=SITE_PACKAGES),
        {"lib/libx.so.1": b"12345", "python/loose.cpython-312.so": b""},
    )
    found = paths(tree_document(build_tree(contents), compares=False))
    assert len(found) == len(contents.files)
    assert sum(int(sizes[0]) for sizes in found.values()) == sum(file.unzipped_size for file in contents.files.values())
    assert found["a 1.0/ns/a.py"][0] == "2"
    assert {"a 1.0/ns/__init__.py", "a 1.0/ns/.hidden", "c 1.0/c.py"} <= found.keys()
    assert {name for name in found if name.startswith("files")} == {
        "files without a distribution/lib/libx.so.1",
        "files without a distribution/loose.cpython-312.so",
    }


def test_files_of_two_layers_are_compared(tmp_path: Path) -> None:
    """The page would show the wrong files as changed."""
    old = layer(tmp_path / "old.zip", installed("a", {"same.py": b"1", "other.py": b"1", "gone.py": b"1"}))
    new = layer(tmp_path / "new.zip", installed("a", {"same.py": b"1", "other.py": b"2", "new.py": b"12"}, version="2"))
    text = tree_document(build_tree(new, old), compares=True)["tree"][2][0][1]
    assert tree_document(build_tree(new, old), compares=True)["tree"][2][0][0] == "a 1.0 → 2"
    assert "same/1/1/3/" in text
    assert "other/1/1/3/~" in text
    assert "gone/1/-/1/3" in text
    assert "new/1/2/4/-" in text


def test_layer_with_many_files_is_small(tmp_path: Path) -> None:
    """A page of a layer with 10,000 files must have less than 300 kB; 60 of 250 kB are left for the rest."""
    chance = random.Random(1)  # noqa: S311
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz_", k=chance.randint(3, 14))) for _ in range(3000)]
    files = {
        f"pkg{number % 40}/{chance.choice(words)}/{chance.choice(words)}_{number}.py": b"x" * chance.randint(0, 3000)
        for number in range(10_000)
    }
    document = tree_document(build_tree(layer(tmp_path / "layer.zip", installed("many", files))), compares=False)
    assert len(json.dumps(document, separators=(",", ":"))) < 240_000


@pytest.mark.parametrize("compares", [False, True])
def test_smallest_files_are_merged_if_there_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compares: bool
) -> None:
    """A hostile zip would make a page that no browser opens."""
    monkeypatch.setattr(file_tree, "_MOST_BYTES", 3000)
    files = {f"python/a/{'<é&' * 9}{number}/{number}.py": b"x" * number for number in range(1, 200)}
    contents = layer(tmp_path / "layer.zip", files, {"python/only/tiny.py": b""})
    document = tree_document(build_tree(contents, contents if compares else None), compares=compares)
    assert len(json.dumps(document, separators=(",", ":"))) < 3300
    package = document["tree"][2][0]
    assert [folder[0] for folder in package[2]] == ["a"]
    assert "only" not in str(package)
    kept = [name for name in ("199", "150") if f"'{'<é&' * 9}{name}'" in str(package)]
    assert kept == ["199"]
    inner = package[2][0]
    assert inner[3] + package[3] + len(inner[2]) == 200
    total = sum(int(part.split("/")[0], 36) for part in (inner[4], package[4]))
    assert total + sum(range(200 - len(inner[2]), 200)) == sum(range(200))


def test_hostile_names_are_bounded(tmp_path: Path) -> None:
    """The page could not be made, or a name could hide what it is."""
    names = ["python/" + "a/" * 2000 + "deep.py", f"python/{'b' * 3000}.py", "python/\u202egnp.py", "python//x\n.py"]
    contents = layer(tmp_path / "layer.zip", dict.fromkeys(names, b"1"))
    found = [
        name.removeprefix("files without a distribution/")
        for name in paths(tree_document(build_tree(contents), compares=False))
    ]
    assert sorted(found, key=len)[:2] == ["x\\n.py", "\\u202egnp.py"]
    assert max(len(name) for name in found) < 150
    assert any(name.startswith("a/a/") and name.endswith("/deep.py") and name.count("/") == 40 for name in found)


def test_names_that_become_the_same_are_numbered(tmp_path: Path) -> None:
    """One file would replace the other, and the sizes would be wrong."""
    names = [f"python/{'a' * 110}{number}{'b' * 110}" for number in range(3)]
    contents = layer(tmp_path / "layer.zip", dict.fromkeys(names, b"1"))
    assert len(paths(tree_document(build_tree(contents), compares=False))) == 3
