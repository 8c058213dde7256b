"""Which tests, stubs and sources stay, because the code of their distribution needs them."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.strip.kinds import KINDS
from pulumi_poetry_layer.strip.needed import Unneeded, unneeded_files

TEST = {"app/tests/__init__.py": b"", "app/tests/test_app.py": b"import app\n", "app/tests/data/x.csv": b"1\n"}


def unneeded(files: dict[str, bytes], kinds: tuple[str, ...] = KINDS) -> Unneeded:
    """What is left out of a distribution with these files, by their paths in site-packages."""
    contents = {f"python/{name}": data for name, data in files.items()}
    return unneeded_files({name: len(data) for name, data in contents.items()}, contents.__getitem__, kinds)


def left_out(files: dict[str, bytes], kinds: tuple[str, ...] = KINDS) -> list[str]:
    """The paths in site-packages that are left out."""
    return sorted(name.removeprefix("python/") for name in unneeded(files, kinds).names)


def test_folder_with_tests_is_left_out_as_a_whole() -> None:
    """A third of pandas are tests and their data."""
    files = {"app/__init__.py": b"", **TEST, "app/sub/tests/test_sub.py": b"", "app/sub/__init__.py": b""}
    assert left_out(files) == sorted([*TEST, "app/sub/tests/test_sub.py"])
    assert unneeded(files).test_packages == ("app.sub.tests", "app.tests")


@pytest.mark.parametrize("name", ["tests", "test", "_tests", "SelfTest", "testsuite"])
def test_folder_needs_the_name_of_tests_and_a_file_that_a_runner_collects(name: str) -> None:
    """`django.test` is a part of Django, and `numpy.testing` one of NumPy."""
    assert left_out({"a/__init__.py": b"", f"a/{name}/a_test.py": b""}) == [f"a/{name}/a_test.py"]
    assert left_out({"a/__init__.py": b"", f"a/{name}/client.py": b""}) == []
    assert left_out({"a/__init__.py": b"", "a/testing/test_utils.py": b"", "a/latest/test_x.py": b""}) == []


@pytest.mark.parametrize(
    "code",
    [
        "from app.tests import test_app",
        "from .tests.test_app import x",
        "from . import tests",
        "import app.tests.test_app as t",
        "def run():\n    from app.tests import test_app",
        "try:\n    import app.tests\nexcept ImportError:\n    pass",
        "RUNNER = 'app.tests.test_app.Runner'",
        "RUNNER = 'app.tests.test_app:main'",
        "importlib.import_module('.tests', __package__)",
        "open(os.path.join(HERE, 'tests', 'data', 'x.csv'))",
        "open(os.path.join(HERE, 'tests', name))",
        "(HERE / 'tests' / 'data' / 'x.csv').read_text()",
        "(HERE / 'tests' / name).read_text()",
        "pkg_resources.resource_filename('app', 'tests/data/x.csv')",
        "importlib.resources.files('app').joinpath('tests/data/x.csv')",
        "importlib.resources.files('app.tests')",
        "DATA = 'tests/data/x.csv'",
        "type X[T] = list[T\nfrom app.tests import test_app",  # not valid, so it is read as text
    ],
)
def test_tests_that_the_code_needs_stay(code: str) -> None:
    """The package would fail on import, or when it reads its data."""
    assert left_out({"app/__init__.py": code.encode(), **TEST}) == []


@pytest.mark.parametrize(
    "code",
    [
        '"""See app.tests and tests/data/x.csv."""',
        "# from app.tests import x",
        "SKIPPED = os.path.join(HERE, 'tests')",  # as pandas does, to skip its tests in a traceback
        "from other.tests import helper",
        "from ..tests import x",
        "import test",
        "NAME = 'tests'",
    ],
)
def test_tests_that_are_only_mentioned_do_not_stay(code: str) -> None:
    """The word is in nearly every package."""
    assert left_out({"app/__init__.py": code.encode(), **TEST}) == sorted(TEST)


def test_entry_point_keeps_its_tests() -> None:
    """A plugin of pytest or of a command would be missing."""
    entry_points = {"app-1.0.dist-info/entry_points.txt": b"[pytest11]\napp = app.tests.test_app\n"}
    assert left_out({"app/__init__.py": b"", **TEST, **entry_points}) == []


def test_native_module_keeps_the_tests_that_it_names() -> None:
    """Cython stores the names of imported modules in the compiled module."""
    files = {"app/__init__.py": b"", **TEST}
    assert left_out({**files, "app/core.cpython-313-x86_64-linux-gnu.so": b"\0app.tests.test_app\0"}) == []
    assert left_out({**files, "app/core.cpython-313-x86_64-linux-gnu.so": b"\0myapp.testsuite\0"}) == sorted(TEST)


def test_distribution_of_tests_stays_whole() -> None:
    """Nothing would be left of a package that is called `tests`."""
    assert left_out({"tests/__init__.py": b"", "tests/test_a.py": b""}) == []


def test_configuration_of_pytest_is_left_out_and_is_no_code() -> None:
    """It imports from the tests, and only pytest loads it."""
    files = {"app/__init__.py": b"", "app/conftest.py": b"from app.tests import test_app\n", **TEST}
    assert left_out(files) == sorted(["app/conftest.py", *TEST])
    assert left_out({**files, "app/__init__.py": b"from app import conftest\n"}) == []


def test_stubs_are_left_out_unless_code_reads_them() -> None:
    """`lazy_loader` imports what `__init__.pyi` lists."""
    files = {"app/__init__.pyi": b"x: int\n", "app/py.typed": b""}
    assert left_out({**files, "app/__init__.py": b'"""The types are in __init__.pyi."""\n'}) == ["app/__init__.pyi"]
    lazy = b"import lazy_loader\nx = lazy_loader.attach_stub(__name__, __file__)\n"
    assert left_out({**files, "app/__init__.py": lazy}) == []
    assert left_out({**files, "app/__init__.py": b"open(f'{name}.pyi')\n"}) == []


@pytest.mark.parametrize("suffix", [".c", ".h", ".hpp", ".pyx", ".pxd", ".rs", ".F90"])
def test_sources_of_native_modules_are_left_out(suffix: str) -> None:
    """Nobody compiles in a function."""
    files = {"app/__init__.py": b"def get_include():\n    return join(HERE, 'src')\n", f"app/src/core{suffix}": b"x"}
    assert left_out(files) == [f"app/src/core{suffix}"]


@pytest.mark.parametrize(
    "code", ["open('driver.c')", "join(HERE, 'src', 'driver.c')", "HERE / 'src' / name", "S = 'src/driver.c'"]
)
def test_sources_that_the_code_reads_stay(code: str) -> None:
    """Cffi and Triton compile files of their own when they run."""
    assert left_out({"app/__init__.py": code.encode(), "app/src/driver.c": b"x"}) == []


def test_only_the_chosen_kinds_are_left_out() -> None:
    """Each kind is a choice of its own."""
    files = {"app/__init__.py": b"", "app/a.pyi": b"", "app/a.c": b"", **TEST}
    assert left_out(files, ("stubs",)) == ["app/a.pyi"]
    assert left_out(files, ("sources",)) == ["app/a.c"]
    assert left_out(files, ("tests",)) == sorted(TEST)
    assert left_out(files, ()) == []
