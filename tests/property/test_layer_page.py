"""Whatever the names in a zip are, the page of a layer contains each file once, and the names only as data."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pulumi_poetry_layer.inspection.contents import LayerContents, read_contents
from pulumi_poetry_layer.inspection.file_tree import build_tree, tree_document
from pulumi_poetry_layer.inspection.page import PageLayer, page_of

PARTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=12),
    st.sampled_from(["__init__.py", "a.py", "a", "tests", "x.cpython-312.pyc", "</script>", "..", "-", "~", "0"]),
)
LAYERS = st.dictionaries(st.lists(PARTS, min_size=1, max_size=4).map("/".join), st.binary(max_size=40), max_size=12)


def contents(files: dict[str, bytes]) -> LayerContents:
    """A layer of these files in ``python/``."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(f"python/{name}"), content)
    with zipfile.ZipFile(data) as archive:
        return read_contents(archive)


def read(document: dict[str, Any], *, compares: bool) -> tuple[int, int, int]:
    """Number of files, and their unzipped sizes in the new and in the old layer, read as the page does it."""
    number = new = old = 0
    waiting = [document["tree"]]
    while waiting:
        _, text, folders, *_ = waiting.pop()
        waiting += folders
        words = iter(text.split("/") if text else [])
        for word in words:
            stem = word or document["stems"][int(next(words), 36)]
            assert stem + document["endings"][int(next(words), 36)]
            sizes = [(int(first, 36), int(next(words), 36)) if first != "-" else None for first in [next(words)]]
            if compares:
                first = next(words)
                same = first in {"", "~"}
                sizes.append(sizes[0] if same else (int(first, 36), int(next(words), 36)) if first != "-" else None)
            number += 1
            new += sizes[0][0] if sizes[0] else 0
            old += sizes[-1][0] if sizes[-1] else 0
    return number, new, old


@given(LAYERS, LAYERS)
def test_tree_has_every_file_once(new_files: dict[str, bytes], old_files: dict[str, bytes]) -> None:
    """A file would be missing in the picture, or break what comes after it."""
    new, old = contents(new_files), contents(old_files)
    alone = read(tree_document(build_tree(new), compares=False), compares=False)
    assert alone[:2] == (len(new.files), sum(file.unzipped_size for file in new.files.values()))
    _, *both = read(tree_document(build_tree(new, old), compares=True), compares=True)
    assert both == [sum(file.unzipped_size for file in layer.files.values()) for layer in (new, old)]


@given(LAYERS)
def test_names_cannot_leave_the_data(files: dict[str, bytes]) -> None:
    """A name could end the script element, and start another one."""
    layer = PageLayer("layer.zip", "0" * 64, 1, contents(files), (), ())
    page = page_of(layer)
    assert page.count("<script") == page.count("</script>") == 2
    data = page.partition('id="data">')[2].partition("</script>")[0]
    assert json.loads(data)["new"]["name"] == "layer.zip"
    assert data.isascii()
    assert not set("<>&") & set(data)
