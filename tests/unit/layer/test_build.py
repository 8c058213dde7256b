"""From a request to the zip, with a fake builder."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from samples import PROJECTS

from pulumi_poetry_layer import build_layer
from pulumi_poetry_layer.archive.members import BytesContent, Member
from pulumi_poetry_layer.builders.builder import ProjectFiles
from pulumi_poetry_layer.errors import (
    ArchiveError,
    BuildError,
    InputError,
    LockFileError,
    MultipleInputError,
    ProjectError,
    PublishError,
    SelectionError,
    StaleLockError,
)
from pulumi_poetry_layer.layer.build import build_request
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity, BuildPlan


class VersionsBuilder:
    """A fake builder: one module for each package, with its version as content."""

    identity = BuilderIdentity(kind="versions")

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails

    def options(self) -> Mapping[str, str]:
        return {}

    @contextmanager
    def build(self, plan: BuildPlan, files: ProjectFiles) -> Iterator[Sequence[Member]]:
        assert files.lock
        if self.fails:
            raise BuildError("the fake build failed")
        yield [Member(f"python/{p.name}.py", p.name, BytesContent(p.version.encode())) for p in plan.packages]


def request(folder: Path = PROJECTS / "base", **arguments: object) -> LayerRequest:
    """A request for the base project."""
    defaults: dict[str, object] = {"runtime": "python3.12", "builder": VersionsBuilder()}
    return LayerRequest(project_dir=folder, **{**defaults, **arguments})  # type: ignore[arg-type]


def test_build_layer_writes_the_zip_and_returns_its_digest_and_sizes(tmp_path: Path) -> None:
    """Otherwise a layer cannot be built from plain Python, or its digest or sizes are wrong."""
    output = tmp_path / "out" / "layer.zip"
    artifact = build_layer(
        project_dir=PROJECTS / "base",
        runtime="python3.12",
        groups=["main", "debug"],
        exclude=["idna"],
        builder=VersionsBuilder(),
        output=output,
    )
    assert [(p.name, p.version, p.files) for p in artifact.packages] == [
        ("iniconfig", "2.0.0", 1),
        ("six", "1.16.0", 1),
    ]
    assert artifact.size == output.stat().st_size
    assert artifact.unzipped_size == len("2.0.0") + len("1.16.0")
    assert zipfile.ZipFile(output).namelist() == ["python/iniconfig.py", "python/six.py"]


def test_same_input_in_another_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    """Otherwise laptop and CI publish different layers from one lock file."""
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    for name in ("pyproject.toml", "poetry.lock"):
        (copy / name).write_bytes((PROJECTS / "base" / name).read_bytes())
    first = build_request(request(), tmp_path / "first.zip")
    second = build_request(request(copy), tmp_path / "second.zip")
    assert first.fingerprint == second.fingerprint
    assert first.path.read_bytes() == second.path.read_bytes()


def test_failed_build_keeps_the_existing_output(tmp_path: Path) -> None:
    """Otherwise a failed build destroys the last good layer, or leaves an incomplete one."""
    output = tmp_path / "layer.zip"
    output.write_text("the old one")
    with pytest.raises(BuildError):
        build_request(request(builder=VersionsBuilder(fails=True)), output)
    assert [path.name for path in tmp_path.iterdir()] == ["layer.zip"]
    assert output.read_text() == "the old one"


def test_two_missing_files_are_reported_together(tmp_path: Path) -> None:
    """Otherwise the user fixes one problem only to get the next one."""
    with pytest.raises(MultipleInputError) as caught:
        plan_request(request(tmp_path))
    assert [type(problem) for problem in caught.value.problems] == [ProjectError, LockFileError]
    assert str(tmp_path / "poetry.lock") in str(caught.value)


def test_wrong_runtime_and_unreadable_lock_file_are_reported_together(tmp_path: Path) -> None:
    """Otherwise every run reports one more problem."""
    (tmp_path / "pyproject.toml").write_text("[project\n")
    (tmp_path / "poetry.lock").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError) as caught:
        plan_request(request(tmp_path, runtime="python2.7"))
    assert "unsupported runtime 'python2.7'" in str(caught.value)
    assert "poetry.lock: cannot be read" in str(caught.value)
    assert "pyproject.toml: not valid TOML" in str(caught.value)


def test_stale_lock_file_is_refused_before_the_build(tmp_path: Path) -> None:
    """Otherwise the layer lacks the dependency that was just added to pyproject.toml."""
    text = (PROJECTS / "base" / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(text.replace('"six (==1.16.0)", ', ""))
    (tmp_path / "poetry.lock").write_bytes((PROJECTS / "base" / "poetry.lock").read_bytes())
    with pytest.raises(StaleLockError, match="poetry lock"):
        build_request(request(tmp_path), tmp_path / "layer.zip")
    assert not (tmp_path / "layer.zip").exists()


def test_layer_without_packages_is_refused(tmp_path: Path) -> None:
    """Otherwise AWS refuses the empty zip after the build, with a message that does not mention groups."""
    with pytest.raises(SelectionError, match="the layer would be empty"):
        build_request(request(exclude=("six", "idna")), tmp_path / "layer.zip")
    assert not (tmp_path / "layer.zip").exists()


def test_warnings_of_the_plan_are_warnings_of_the_build(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise a build from a lock file that may be read wrongly does not say so."""
    for name in ("pyproject.toml", "poetry.lock"):
        text = (PROJECTS / "base" / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace('lock-version = "2.1"', 'lock-version = "2.2"'), encoding="utf-8")
    with caplog.at_level("WARNING", "pulumi_poetry_layer"):
        build_request(request(tmp_path), tmp_path / "layer.zip")
    assert ["lock version 2.2 is newer than 2.1" in message for message in caplog.messages] == [True]


def test_layer_is_built_for_the_chosen_patch_release(tmp_path: Path) -> None:
    """Otherwise a project that names a patch release cannot be built from plain Python."""
    arguments: dict[str, Any] = {
        "project_dir": PROJECTS / "base",
        "runtime": "python3.12",
        "output": tmp_path / "a.zip",
    }
    with pytest.raises(InputError, match=r"python_patch: '3\.11\.1' is not a patch release of python3\.12"):
        build_layer(python_patch="3.11.1", builder=VersionsBuilder(), **arguments)
    assert build_layer(python_patch="3.12.1", builder=VersionsBuilder(), **arguments).packages


class ConflictBuilder(VersionsBuilder):
    """A fake builder: every package contains the same file, with another content."""

    @contextmanager
    def build(self, plan: BuildPlan, files: ProjectFiles) -> Iterator[Sequence[Member]]:
        assert files.lock
        yield [Member("python/tests/a.py", p.name, BytesContent(p.name.encode())) for p in plan.packages]


def test_conflict_is_a_warning_by_default_and_does_not_change_the_fingerprint(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise packages that Poetry installs together cannot be in one layer, or nobody learns what is missing."""
    with caplog.at_level("WARNING", "pulumi_poetry_layer"):
        artifact = build_request(request(builder=ConflictBuilder()), tmp_path / "layer.zip")

    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        assert archive.read("python/tests/a.py") == b"six"
    assert caplog.messages == [
        "idna and six both contain python/tests/a.py, with different contents; "
        "the layer has the content of six, the last in the order of names"
    ]
    strict = plan_request(request(builder=ConflictBuilder(), on_conflict="error"))[0]
    assert strict.fingerprint == artifact.fingerprint


def test_conflict_is_an_error_on_request(tmp_path: Path) -> None:
    """Otherwise a user who wants no mixed packages gets them."""
    with pytest.raises(ArchiveError, match="idna and six both contain this file"):
        build_layer(
            project_dir=PROJECTS / "base",
            runtime="python3.12",
            builder=ConflictBuilder(),
            on_conflict="error",
            output=tmp_path / "layer.zip",
        )
    assert not (tmp_path / "layer.zip").exists()


def test_unknown_conflict_rule_is_refused(tmp_path: Path) -> None:
    """Otherwise a typo turns the refusal off."""
    with pytest.raises(InputError, match="on_conflict: must be 'warn' or 'error', not 'ask'"):
        plan_request(request(on_conflict="ask"))


def test_layer_over_its_own_limit_is_refused_and_the_old_zip_stays(tmp_path: Path) -> None:
    """Otherwise a layer that leaves no room for the function is written, and a script publishes it."""
    output = tmp_path / "layer.zip"
    size = build_request(request(max_unzipped_size=1000), output).unzipped_size
    before = output.read_bytes()
    with pytest.raises(PublishError, match="max_unzipped_size"):
        build_request(request(max_unzipped_size=size - 1, groups=("main", "debug")), output)
    assert output.read_bytes() == before
    assert build_request(request(max_unzipped_size=size), output).unzipped_size == size


def test_limit_does_not_change_the_fingerprint(tmp_path: Path) -> None:
    """A new limit would publish a new version of the same layer."""
    assert plan_request(request(max_unzipped_size=1000))[0].fingerprint == plan_request(request())[0].fingerprint
