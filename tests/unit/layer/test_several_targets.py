"""``build`` for several targets."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from samples import PROJECT, Package, lock_text
from samples.index import Index, serve
from samples.wheels import WheelSample

from pulumi_poetry_layer.cli import main

UNIVERSAL = WheelSample(name="app")
NATIVE = [
    WheelSample(name="fast", tag=f"{python}-{python}-manylinux_2_17_{machine}", files={"fast.py": machine.encode()})
    for python in ("cp312", "cp313")
    for machine in ("x86_64", "aarch64")
]
EVERY_TARGET = [
    *("--runtime", "python3.12", "--runtime", "python3.13"),
    *("--architecture", "x86_64", "--architecture", "arm64"),
]


@dataclass
class Served:
    """A project whose packages are on an index here, and the folder for zips."""

    folder: Path
    index: Index
    output: Path

    def build(self, *arguments: str, output: str = "{runtime}-{architecture}.zip") -> int:
        """Build the layer and return the exit code."""
        return main(["build", "-C", str(self.folder), *arguments, "--output", str(self.output / output)])

    def files(self) -> list[str]:
        """Everything in the folder for zips."""
        return sorted(path.name for path in self.output.rglob("*"))


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A project with a universal package and a native one, which has a wheel for each target."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    project = PROJECT.replace('["app"]', '["app", "fast"]')
    folder, output = tmp_path / "project", tmp_path / "zips"
    folder.mkdir()
    output.mkdir()
    wheels = [UNIVERSAL, *NATIVE]
    packages = [
        Package(
            name=name, other_keys={"files": [{"file": w.file_name, "hash": w.hash} for w in wheels if w.name == name]}
        )
        for name in ("app", "fast")
    ]
    (folder / "pyproject.toml").write_text(project)
    (folder / "poetry.lock").write_text(lock_text(project, packages))
    index = Index(files={wheel.file_name: wheel.data() for wheel in wheels})
    with serve(index):
        monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", index.url)
        yield Served(folder, index, output)


def test_each_target_has_its_zip_and_each_file_is_downloaded_once(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """A CI job would have to run the command for each target, and download the same files each time."""
    assert served.build(*EVERY_TARGET, "--json") == 0

    layers = json.loads(capsys.readouterr().out)
    targets = [(layer["target"]["runtime"], layer["target"]["architecture"]) for layer in layers]
    assert targets == [
        ("python3.12", "x86_64"),
        ("python3.12", "arm64"),
        ("python3.13", "x86_64"),
        ("python3.13", "arm64"),
    ]
    assert [layer["path"] for layer in layers] == [str(served.output / "-".join(t)) + ".zip" for t in targets]
    assert served.files() == sorted(Path(layer["path"]).name for layer in layers)
    downloads = Counter(path for path, _ in served.index.requests if path.startswith("/files/"))
    assert len(downloads) == 5
    assert set(downloads.values()) == {1}


def test_zip_of_one_of_several_targets_is_the_same_as_alone(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """A layer would be published again, depending on what is built beside it."""
    alone = ["--runtime", "python3.12", "--architecture", "arm64"]
    assert served.build(*alone, "--json", output="alone.zip") == 0
    document = json.loads(capsys.readouterr().out)
    assert "target" not in document
    assert served.build(*EVERY_TARGET) == 0

    assert (served.output / "python3.12-arm64.zip").read_bytes() == (served.output / "alone.zip").read_bytes()
    assert capsys.readouterr().out.count("2 packages, ") == 4


def test_warning_for_several_targets_is_shown_once(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """A user would read the same line for each target."""
    lock = served.folder / "poetry.lock"
    lock.write_text(lock.read_text().replace('lock-version = "2.1"', 'lock-version = "2.2"'))

    assert served.build(*EVERY_TARGET) == 0

    assert capsys.readouterr().err.count("warning: poetry.lock: lock version 2.2 is newer than 2.1") == 1


def test_placeholders_are_for_a_single_target_too(served: Served) -> None:
    """A script would need two forms of the command."""
    assert served.build("--runtime", "python3.12") == 0
    assert served.files() == ["python3.12-x86_64.zip"]


@pytest.mark.parametrize("output", ["layer.zip", "{runtime}.zip"])
def test_outputs_that_are_the_same_are_an_error(
    output: str, served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """The zip of one target would replace that of another one."""
    assert served.build(*EVERY_TARGET, output=output) == 1

    printed = capsys.readouterr().err
    assert printed.startswith("error: --output: '")
    assert "would be the file for python3.12 on x86_64 and for python3.12 on arm64" in printed
    assert "'dist/{runtime}-{architecture}.zip'" in printed
    assert served.index.requests == []


def test_standard_output_takes_a_single_zip(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Two zips would be mixed."""
    assert main(["build", "-C", str(served.folder), *EVERY_TARGET, "-o", "-"]) == 2
    assert "several targets" in capsys.readouterr().err


def test_problems_of_all_targets_are_reported_together_and_each_once(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would have to run the command once for each mistake, or read the same line for each target."""
    runtimes = ("--runtime", "python3.13", "--runtime", "python3.14", "--runtime", "312", "--group", "x")
    assert served.build(*runtimes, "--architecture", "amd64", "--architecture", "arm64") == 1

    printed = capsys.readouterr().err
    assert printed.count("--group: unknown group 'x'") == 1
    assert printed.count("unsupported runtime '312'") == 1
    assert printed.count("unsupported architecture 'amd64'") == 1
    assert (
        "312 on amd64, 312 on arm64: --runtime: unsupported runtime '312'\n  hint: did you mean 'python3.12'?"
        in printed
    )


def test_package_without_a_file_for_one_target_is_named_with_the_target(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would not know which target the package is missing for."""
    assert served.build("--runtime", "python3.12", "--runtime", "python3.14") == 1

    assert capsys.readouterr().err.startswith("error: python3.14: poetry.lock: package fast 1.0: ")


def test_failed_build_of_one_target_leaves_no_zip(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """The next step of a script would publish some of the layers."""
    old = served.output / "python3.12-x86_64.zip"
    old.write_bytes(b"old")
    del served.index.files[NATIVE[-1].file_name]

    assert served.build(*EVERY_TARGET) == 1

    assert capsys.readouterr().err.startswith("error: python3.13 on arm64: fast 1.0: ")
    assert served.files() == [old.name]
    assert old.read_bytes() == b"old"


def test_file_that_must_not_be_replaced_is_an_error_before_anything_is_built(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """All layers would be built, and then not be written."""
    (served.output / "python3.13-arm64.zip").mkdir()

    assert served.build(*EVERY_TARGET) == 1

    assert "python3.13 on arm64: " in (printed := capsys.readouterr().err)
    assert "is a folder" in printed
    assert served.index.requests == []


@pytest.mark.parametrize(
    ("runtimes", "patches", "expected"),
    [
        (["3.12", "3.13"], ["3.13.1", "3.12.4"], ""),
        (["3.12", "3.13"], ["3.13.1"], ""),
        (["3.12"], ["3.12.4"], ""),
        (["3.12", "3.13"], ["3.11.1"], "python3.13: --python-patch: '3.11.1' is not a patch release of python3.13"),
        (["3.12"], ["3.13.1"], "error: --python-patch: '3.13.1' is not a patch release of python3.12"),
    ],
)
def test_each_runtime_has_its_patch_release(
    runtimes: list[str], patches: list[str], expected: str, served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """A patch release of one runtime would be refused for another one, or a misspelled one would have no effect."""
    options = [
        *(f"--runtime=python{version}" for version in runtimes),
        *(f"--python-patch={patch}" for patch in patches),
    ]

    code = served.build(*options)

    assert expected in capsys.readouterr().err
    assert code == (1 if expected else 0)


def test_each_target_has_its_sbom_which_is_that_of_its_zip(served: Served, tmp_path: Path) -> None:
    """A CI job would have to inspect each zip again, or the document would describe another one."""
    assert served.build(*EVERY_TARGET, "--sbom", f"{served.output}/cdx/{{runtime}}-{{architecture}}.json") == 0
    sboms = sorted((served.output / "cdx").iterdir())
    assert len(sboms) == 4
    for sbom in sboms:
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom.read_text()) is None
        again = tmp_path / "again.json"
        assert main(["inspect", str(served.output / sbom.with_suffix(".zip").name), "--sbom", str(again)]) == 0
        assert again.read_text() == sbom.read_text()
        assert [one["name"] for one in json.loads(sbom.read_text())["components"]] == ["app", "fast"]


@pytest.mark.parametrize(
    ("sbom", "problem"),
    [
        ("{output}/one.json", "--sbom: '{output}/one.json' would be the file for python3.12 on x86_64 and for"),
        ("{output}/{{runtime}}-{{architecture}}.zip", "--sbom: is the zip to write"),
        ("{folder}/", "{folder}/: is the path of a folder"),
    ],
)
def test_sbom_that_replaces_another_file_is_refused_before_anything_is_built(
    sbom: str, problem: str, served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """The document of one target would replace that of another one, or the zip."""
    names = {"output": served.output, "folder": served.folder}
    assert served.build(*EVERY_TARGET, "--sbom", sbom.format(**names)) == 1
    assert problem.format(**names) in capsys.readouterr().err
    assert served.index.requests == []
