"""Hypothesis strategies for markers and locked packages."""

from __future__ import annotations

from hypothesis import strategies as st
from samples import Package

EXTRAS = ("one", "two-parts", "three")

_VALUES = {
    "sys_platform": ("linux", "win32", "darwin", "linux2"),
    "platform_system": ("Linux", "Windows"),
    "platform_machine": ("x86_64", "aarch64", "arm64"),
    "os_name": ("posix", "nt"),
    "implementation_name": ("cpython", "pypy"),
    "platform_python_implementation": ("CPython", "PyPy"),
}
_VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "4.0")
_FULL_VERSIONS = ("3.9.0", "3.10.2", "3.12.0", "3.12.4", "3.13.1", "3.14.0")
_ORDERS = ("==", "!=", "<", "<=", ">", ">=")


def comparisons() -> st.SearchStrategy[str]:
    """Comparisons with a value of the target."""
    equal = st.sampled_from(("==", "!="))
    values = [
        st.builds("{} {} {!r}".format, st.just(name), equal, st.sampled_from(choices))
        for name, choices in _VALUES.items()
    ]
    return st.one_of(
        *values,
        st.builds('python_version {} "{}"'.format, st.sampled_from(_ORDERS), st.sampled_from(_VERSIONS)),
        st.builds('python_full_version {} "{}"'.format, st.sampled_from(_ORDERS), st.sampled_from(_FULL_VERSIONS)),
        st.builds('python_version ~= "{}"'.format, st.sampled_from(_VERSIONS)),
        st.builds('python_version {} "3.*"'.format, equal),
    )


def comparisons_of_texts() -> st.SearchStrategy[str]:
    """Comparisons of texts with operators that are meant for versions."""
    operators = st.sampled_from(("==", "===", "!=", "~=", "<", "<=", ">", ">="))
    return st.one_of(
        *(
            st.builds("{} {} {!r}".format, st.just(name), operators, st.sampled_from(choices))
            for name, choices in _VALUES.items()
        )
    )


def lists() -> st.SearchStrategy[str]:
    """Comparisons with a list of values."""
    versions = st.lists(st.sampled_from(_VERSIONS), min_size=1, max_size=3, unique=True).map(", ".join)
    systems = st.lists(st.sampled_from(_VALUES["sys_platform"]), min_size=1, max_size=3, unique=True).map(" ".join)
    either = st.sampled_from(("in", "not in"))
    return st.one_of(
        st.builds('python_version {} "{}"'.format, either, versions),
        st.builds('sys_platform {} "{}"'.format, either, systems),
    )


def _joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        parts,
        lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(("and", "or")), inner),
        max_leaves=4,
    )


def markers() -> st.SearchStrategy[str]:
    """Markers without extras and lists, which `packaging` and Poetry evaluate alike."""
    return _joined(comparisons())


def extra_comparisons() -> st.SearchStrategy[str]:
    """Comparisons with an extra."""
    return st.builds('extra {} "{}"'.format, st.sampled_from(("==", "!=")), st.sampled_from(EXTRAS))


def extra_markers() -> st.SearchStrategy[str]:
    """Markers with extras and lists."""
    return _joined(st.one_of(extra_comparisons(), comparisons(), comparisons_of_texts(), lists()))


NAMES = ("app", "beta", "gamma", "delta", "omega")


@st.composite
def packages(draw: st.DrawFn) -> list[Package]:
    """Locked packages, some for other groups or platforms, with one or more files."""
    locked = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True)):
        version = draw(st.sampled_from(("1.0", "2.1", "10.0")))
        stem = f"{name}-{version}"
        wheels = (
            f"{stem}-py3-none-any.whl",
            f"{stem}-cp312-cp312-manylinux_2_17_x86_64.whl",
            f"{stem}-cp312-cp312-manylinux_2_17_aarch64.whl",
            f"{stem}-cp312-cp312-win_amd64.whl",
        )
        locked.append(
            Package(
                name=name,
                version=version,
                groups=draw(st.sampled_from((["main"], ["dev"], ["main", "dev"]))),
                markers=draw(
                    st.sampled_from(("", 'sys_platform == "linux"', 'sys_platform == "win32"', 'extra == "one"'))
                ),
                files=[f"{stem}.tar.gz", *draw(st.lists(st.sampled_from(wheels), unique=True))],
                dependencies=dict.fromkeys(draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3)), "*"),
            )
        )
    return locked
