"""The distributions in layer zips of different tools, and the files that belong to them."""

from __future__ import annotations

from pathlib import Path

from samples.layers import DATE, SECONDS, SITE_PACKAGES, installed, write_zip

from pulumi_poetry_layer.inspection.bytecode import zip_times
from pulumi_poetry_layer.inspection.contents import LayerContents, read_layer


def contents(folder: Path, *parts: dict[str, bytes]) -> LayerContents:
    """What is in a layer of these files."""
    return read_layer(write_zip(folder / "layer.zip", *parts))


def files_of(layer: LayerContents) -> dict[str, set[str]]:
    """Distribution → its files, without those in .dist-info folders."""
    return {content.name: {name for name in content.files if "-info/" not in name} for content in layer.all_contents()}


def test_both_folders_where_lambda_looks_are_read(tmp_path: Path) -> None:
    """Layers of SAM and of `pip install --prefix` have the second one; their packages would count as empty."""
    layer = contents(
        tmp_path, installed("one", {"one.py": b""}), installed("two", {"two/a.py": b""}, root=SITE_PACKAGES)
    )
    assert files_of(layer) == {"one": {"python/one.py"}, "two": {f"{SITE_PACKAGES}two/a.py"}}
    assert [one.root for one in layer.distributions] == ["python/", SITE_PACKAGES]
    assert [content.name for content in layer.visible_to("python3.11")] == ["one"]


def test_packages_beside_the_python_folder_are_read(tmp_path: Path) -> None:
    """A virtual environment was zipped as it is; a user would see no package, and not why."""
    layer = contents(tmp_path, installed("one", {"one.py": b""}, root="lib/python3.12/site-packages/"))
    assert files_of(layer) == {"one": {"lib/python3.12/site-packages/one.py"}}
    assert list(layer.visible_to("python3.12")) == []
    assert [one.root for one in layer.invisible_to("python3.12")] == ["lib/python3.12/site-packages/"]


def test_distribution_inside_of_another_one_is_a_part_of_it(tmp_path: Path) -> None:
    """Setuptools contains copies of other distributions, which no function imports by their names."""
    vendored = {f"outer/_vendor/{name[7:]}": data for name, data in installed("inner", {"inner.py": b""}).items()}
    layer = contents(tmp_path, installed("outer", {"outer/__init__.py": b"", **vendored}))
    assert list(files_of(layer)) == ["outer"]


def test_programs_of_pip_install_target_belong_to_their_distribution(tmp_path: Path) -> None:
    """RECORD names them by the folder where pip would have put them without --target."""
    files = installed("demo", {"demo.py": b"", "../../bin/tool": b""})
    files["python/bin/tool"] = files.pop("python/../../bin/tool")
    assert files_of(contents(tmp_path, files)) == {"demo": {"python/demo.py", "python/bin/tool"}}


def test_files_of_a_distribution_without_record_are_guessed_by_its_modules(tmp_path: Path) -> None:
    """Tools that make layers smaller remove RECORD; no file would belong to anything."""
    layer = contents(
        tmp_path,
        {"python/py_demo-1.dist-info/METADATA": b"Name: py-demo\nVersion: 1\n", "python/py_demo/a.py": b""},
        {"python/PyYAML-6.dist-info/METADATA": b"Name: PyYAML\nVersion: 6\n", "python/yaml/a.py": b""},
        {"python/PyYAML-6.dist-info/top_level.txt": b"_yaml\nyaml\n\n", "python/_yaml.cpython-312-x.so": b""},
        {"python/py_demo.libs/x.so": b"", "python/py_demos.py": b""},
    )
    assert files_of(layer) == {
        "py-demo": {"python/py_demo/a.py", "python/py_demo.libs/x.so"},
        "pyyaml": {"python/yaml/a.py", "python/_yaml.cpython-312-x.so"},
        "files without a distribution": {"python/py_demos.py"},
    }


def test_egg_info_is_a_distribution(tmp_path: Path) -> None:
    """Old zips of `setup.py install` have no .dist-info folder."""
    layer = contents(tmp_path, {"python/old-1.2.egg-info/PKG-INFO": b"Name: Old\nVersion: 1.2\n", "python/old.py": b""})
    assert [(one.content.label, len(one.content.files)) for one in layer.distributions] == [("old 1.2", 2)]


def test_name_and_version_are_those_of_the_folder_if_metadata_has_none(tmp_path: Path) -> None:
    """`verify` and `inspect` would name the same package in two ways."""
    layer = contents(tmp_path, {"python/Demo_App-2.dist-info/METADATA": b"", "python/demo_app.py": b""})
    assert [one.content.label for one in layer.distributions] == ["demo-app 2"]


def test_license_and_needed_python_are_read(tmp_path: Path) -> None:
    """`inspect` prints them."""
    metadata = "Requires-Python: >=3.9\nLicense-Expression: MIT\nRequires-Dist: idna\n"
    (one,) = contents(tmp_path, installed("demo", {}, metadata=metadata)).distributions
    assert (one.license, one.requires_python, one.content.requirements) == ("MIT", ">=3.9", ("idna",))


def test_dates_in_a_zip() -> None:
    """A compiled module has the exact date of its source."""
    exact = b"\x01\x00\x02\x00ab" + b"UT\x05\x00\x01" + (SECONDS + 1).to_bytes(4, "little")
    assert zip_times(DATE, exact) == {SECONDS, SECONDS + 1}
    assert zip_times((1980, 0, 0, 0, 0, 0), b"UT\x05\x00\x01") == frozenset()
