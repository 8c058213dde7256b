"""Layers that a Lambda could not load, or that may not work there, and what is said about them.

Each layer is checked in both forms in which builders return it: segments of the wheel cache, and files on disk.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest
from samples.elf import elf
from samples.wheels import WheelSample

from pulumi_poetry_layer.archive.members import FileContent, Member, Segment
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.verify.findings import Finding, find_problems
from pulumi_poetry_layer.verify.layer_content import distributions_of
from pulumi_poetry_layer.wheels.cache import WheelCache
from pulumi_poetry_layer.wheels.reader import read_wheel

PYTHON312 = Target("python3.12", "x86_64")
PYTHON311 = Target("python3.11", "x86_64")
LINUX, MANYLINUX = "cp312-cp312-linux_x86_64", "cp312-cp312-manylinux_2_17_x86_64"
MODULE = "demo/_native.cpython-312-x86_64-linux-gnu.so"


def sample(
    files: Mapping[str, bytes], tag: str = MANYLINUX, name: str = "demo", requirements: Collection[str] = ()
) -> WheelSample:
    """A wheel with these files and requirements."""
    lines = [f"Name: {name}", "Version: 1.0", *(f"Requires-Dist: {requirement}" for requirement in requirements)]
    return WheelSample(name=name, tag=tag, files=files, dist_info={"METADATA": "\n".join([*lines, ""]).encode()})


def segment(folder: Path, wheel: WheelSample) -> Segment:
    """A distribution as the wheels builder returns it."""
    path = folder / wheel.file_name
    path.write_bytes(wheel.data())
    cache = WheelCache(folder / "cache")
    cache.add(wheel.hash, read_wheel(path, file_name=wheel.file_name))
    found = cache.find(wheel.hash, wheel.name)
    assert found
    return found.segment


def members(folder: Path, wheel: WheelSample) -> list[Member]:
    """A distribution as the builders that run Poetry return it."""
    path = folder / wheel.file_name
    path.write_bytes(wheel.data())
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / wheel.name)
        names = archive.namelist()
    return [Member(f"python/{name}", wheel.name, FileContent(folder / wheel.name / name)) for name in names]


def check(
    folder: Path,
    *wheels: WheelSample,
    target: Target = PYTHON312,
    excluded: Collection[str] = (),
    system_libraries: Collection[str] = (),
) -> list[Finding]:
    """What is found in a layer of these wheels."""
    options = {"excluded": excluded, "system_libraries": system_libraries}
    forms = [
        distributions_of([segment(folder, wheel) for wheel in wheels]),
        distributions_of([member for wheel in wheels for member in members(folder, wheel)]),
    ]
    first, second = (find_problems(distributions, target, **options) for distributions in forms)
    assert set(first) == set(second), "the builders must agree"
    return list(first)


def test_layer_without_problems_has_no_findings(tmp_path: Path) -> None:
    """Otherwise every layer is refused, or users learn to ignore the warnings."""
    libraries = ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "libz.so.1", "libpython3.12.so.1.0"]
    files = {MODULE: elf("x86_64", "GLIBC_2.34", libraries=libraries), "demo/__init__.py": b""}
    assert check(tmp_path, sample(files), sample({"other.py": b""}, "py3-none-any", "other")) == []


@pytest.mark.parametrize("tag", [LINUX, MANYLINUX])
def test_libraries_for_other_machines_only_are_an_error(tmp_path: Path, tag: str) -> None:
    """Otherwise the import fails in the function with "wrong ELF class" or "cannot open shared object file"."""
    files = {"demo/native.so": elf("aarch64", "GLIBC_2.40"), "demo/tool": elf("x86_64")}
    (finding,) = check(tmp_path, sample(files, tag))
    assert finding.is_error
    assert finding.where == "demo 1.0"
    assert finding.problem == "has native libraries, but none for x86_64"
    assert "container builder" in finding.hint


def test_native_files_of_a_wheel_for_every_platform_are_data(tmp_path: Path) -> None:
    """Otherwise debuggers and installers, which contain files for many machines, cannot be in a layer."""
    files = {
        "demo/native.so": elf("aarch64", libraries=["libnowhere.so"]),
        "demo/other.so": elf("x86_64", "GLIBC_2.99"),
    }
    assert check(tmp_path, sample(files, "py3-none-any")) == []


@pytest.mark.parametrize(
    ("target", "needed", "problem"),
    [
        (PYTHON311, "GLIBC_2.26", None),
        (PYTHON311, "GLIBC_2.27", "needs glibc 2.27, but python3.11 on x86_64 has glibc 2.26 (Amazon Linux 2)"),
        (PYTHON312, "GLIBC_2.34", None),
        (PYTHON312, "GLIBC_2.38", "needs glibc 2.38, but python3.12 on x86_64 has glibc 2.34 (Amazon Linux 2023)"),
    ],
)
@pytest.mark.parametrize("tag", [LINUX, MANYLINUX])
def test_module_that_needs_a_newer_glibc_is_an_error(
    tmp_path: Path, target: Target, needed: str, problem: str | None, tag: str
) -> None:
    """Otherwise the function fails at import with "version `GLIBC_2.27' not found". Tags of wheels can be wrong."""
    found = check(tmp_path, sample({"demo/native.so": elf("x86_64", needed)}, tag), target=target)
    assert [(finding.problem, finding.is_error) for finding in found] == ([(problem, True)] if problem else [])


@pytest.mark.parametrize("name", ["demo/libplugin.so.1", "demo/bin/tool"])
def test_newer_glibc_of_a_file_that_no_import_loads_is_a_warning(tmp_path: Path, name: str) -> None:
    """Otherwise a package is refused because of a plugin or a program that a function never uses."""
    (finding,) = check(tmp_path, sample({MODULE: elf("x86_64"), name: elf("x86_64", "GLIBC_2.38")}))
    assert finding.file == f"python/{name}"
    assert not finding.is_error


@pytest.mark.parametrize("needs", [elf("x86_64", "GLIBC_2.38"), elf("x86_64", libraries=["libtbb.so.12"])])
def test_module_for_an_optional_part_is_a_warning(tmp_path: Path, needs: bytes) -> None:
    """Otherwise numba is refused, which has one module for each library for threads, and needs none of them."""
    modules = dict.fromkeys([f"demo/{name}.abi3.so" for name in "abc"], elf("x86_64"))
    (finding,) = check(tmp_path, sample({**modules, "demo/tbbpool.abi3.so": needs}))
    assert finding.file == "python/demo/tbbpool.abi3.so"
    assert not finding.is_error


def test_library_that_a_package_loads_itself_is_an_error(tmp_path: Path) -> None:
    """Otherwise lightgbm, which has no module but a library that it loads with ctypes, fails at import."""
    (finding,) = check(tmp_path, sample({"demo/lib/lib_demo.so": elf("x86_64", libraries=["libgomp.so.1"])}))
    assert finding.is_error


def test_missing_library_of_a_module_is_an_error_that_names_it(tmp_path: Path) -> None:
    """Otherwise rasterio, pyodbc or lightgbm fail at import: libexpat, libodbc and libgomp are not in Lambda."""
    files = {MODULE: elf("x86_64", libraries=["libc.so.6", "libodbc.so.2", "libexpat.so.1"])}
    (finding,) = check(tmp_path, sample(files))
    assert finding.is_error
    assert finding.where == f"demo 1.0: python/{MODULE}"
    assert finding.problem == "needs libexpat.so.1, libodbc.so.2, which neither the layer nor python3.12 has"
    assert "exclude demo" in finding.hint


def test_missing_library_of_a_library_that_a_module_needs_is_an_error(tmp_path: Path) -> None:
    """The loader needs the libraries of libraries, too."""
    files = {
        MODULE: elf("x86_64", libraries=["libbundled-1.so"]),
        "demo.libs/libbundled-1.so": elf("x86_64", libraries=["libexpat.so.1"]),
    }
    (finding,) = check(tmp_path, sample(files))
    assert finding.file == "python/demo.libs/libbundled-1.so"
    assert finding.is_error


@pytest.mark.parametrize("name", ["demo/libplugin.so", "demo.libs/libplugin-1.so.2", "demo/tool"])
def test_missing_library_of_a_plugin_or_a_program_is_a_warning(tmp_path: Path, name: str) -> None:
    """Otherwise PySide or opencv cannot be in a layer because of a plugin for a screen."""
    (finding,) = check(tmp_path, sample({MODULE: elf("x86_64"), name: elf("x86_64", libraries=["libX11.so.6"])}))
    assert not finding.is_error


def test_files_with_the_same_problem_are_one_finding(tmp_path: Path) -> None:
    """Otherwise opencv-python prints one line for each of its libraries."""
    libraries = {f"demo.libs/lib{name}.so": elf("x86_64", libraries=[f"libx{name}.so.1"]) for name in "abc"}
    needed = [path.removeprefix("demo.libs/") for path in libraries]
    (finding,) = check(tmp_path, sample({MODULE: elf("x86_64", libraries=needed), **libraries}))
    assert finding.where == "demo 1.0: python/demo.libs/liba.so and 2 more"
    assert finding.problem.startswith("needs libxa.so.1, libxb.so.1, libxc.so.1, which")


def test_library_in_another_distribution_of_the_layer_is_found(tmp_path: Path) -> None:
    """Otherwise torch, whose libraries are in the nvidia distributions, is refused."""
    module = sample({MODULE: elf("x86_64", libraries=["libcublas.so.12"])})
    library = sample({"nvidia/cublas/lib/libcublas.so.12": elf("x86_64")}, "py3-none-manylinux_2_17_x86_64", "cublas")
    assert check(tmp_path, module, library) == []


def test_listed_library_is_not_missing(tmp_path: Path) -> None:
    """Otherwise a function with a second layer that contains the library cannot be deployed."""
    files = {MODULE: elf("x86_64", libraries=["libodbc.so.2"])}
    assert check(tmp_path, sample(files), system_libraries=["libodbc.so.2"]) == []


def test_library_of_the_standard_librarys_modules_is_a_warning(tmp_path: Path) -> None:
    """AWS does not say which release of OpenSSL a runtime has."""
    (finding,) = check(tmp_path, sample({MODULE: elf("x86_64", libraries=["libssl.so.3"])}))
    assert not finding.is_error


@pytest.mark.parametrize(
    ("modules", "file", "is_error"),
    [
        (["a.cpython-311", "b.cpython-310"], "python/demo/a.cpython-311-x86_64-linux-gnu.so and 1 more", True),
        (["a.cpython-311", "b.cpython-312"], "python/demo/a.cpython-311-x86_64-linux-gnu.so", False),
        (["a.cpython-311", "a.cpython-312"], None, False),
        (["has_source.cpython-311"], None, False),
    ],
)
def test_modules_for_another_python_only_are_reported(
    tmp_path: Path, modules: list[str], file: str | None, is_error: bool
) -> None:
    """Otherwise `import demo.a` fails with "No module named 'demo.a'", although the file is there."""
    names = [f"demo/{module}-x86_64-linux-gnu.so" for module in modules]
    files = dict.fromkeys([*names, "demo/has_source.py"], elf("x86_64"))
    found = check(tmp_path, sample(files))
    assert [(finding.file, finding.is_error) for finding in found] == ([(file, is_error)] if file else [])


@pytest.mark.parametrize("file", ["typing.py", "enum/__init__.py", "awslambdaric/__init__.py", "asyncio.abi3.so"])
def test_module_that_hides_one_of_the_runtime_is_reported(tmp_path: Path, file: str) -> None:
    """A backport for old Pythons, or a file by mistake, breaks imports in the whole function."""
    (finding,) = check(tmp_path, sample({file: b"", "demo/typing.py": b"", "typing.txt": b""}, "py3-none-any"))
    assert finding.file == f"python/{file}"
    assert finding.problem.startswith("hides the module ")


@pytest.mark.parametrize(
    ("requirement", "excluded", "problem"),
    [
        ("click<9", ("click",), "needs click, which is excluded"),
        ("Click<9", (), "needs click, which the layer does not have"),
        ('click; python_version < "3.12"', (), None),
        ('click; extra == "cli"', (), None),
        ("boto3>=1.30", ("boto3",), None),
        ("other", (), None),
        ("!!", (), None),
    ],
)
def test_requirement_that_nothing_meets_is_reported(
    tmp_path: Path, requirement: str, excluded: Collection[str], problem: str | None
) -> None:
    """Otherwise `exclude` takes out what another package needs, and its import fails in the function."""
    wheels = [sample({"demo.py": b""}, requirements=[requirement]), sample({"o.py": b""}, name="other")]
    found = check(tmp_path, *wheels, excluded=excluded)
    assert [(finding.problem, finding.is_error) for finding in found] == ([(problem, False)] if problem else [])
