"""What the runtime has and a layer leaves out, and the warning for other versions of it."""

from __future__ import annotations

import pytest
from samples import PROJECT, Package, lock_text, read

from pulumi_poetry_layer.plan.build_plan import Choice
from pulumi_poetry_layer.plan.planner import select_layer
from pulumi_poetry_layer.plan.runtime_packages import KNOWN_VERSIONS, RUNTIME_DISTRIBUTIONS
from pulumi_poetry_layer.plan.selection import Selection
from pulumi_poetry_layer.plan.target import RUNTIMES, Target

WITH_BOTO3 = PROJECT.replace('["app"]', '["app", "boto3[crt]"]')
GRAPH = [
    Package(name="app", dependencies={"urllib3": ">=2", "aiobotocore": "*"}),
    Package(name="aiobotocore", version="3.1", dependencies={"botocore": ">=1.44,<1.45"}),
    Package(
        name="boto3",
        version="1.44.5",
        dependencies={"botocore": {"version": ">=1.44.5", "extras": ["crt"]}, "jmespath": "*", "s3transfer": "*"},
        extras={"crt": ["botocore[crt]"]},
    ),
    Package(
        name="botocore",
        version="1.44.5",
        dependencies={
            "python-dateutil": "*",
            "urllib3": "*",
            "awscrt": {"version": "*", "optional": True, "markers": 'extra == "crt"'},
        },
        extras={"crt": ["awscrt"]},
    ),
    Package(name="s3transfer", dependencies={"botocore": "*"}),
    Package(name="jmespath"),
    Package(name="python-dateutil", dependencies={"six": "*"}),
    Package(name="six"),
    Package(name="urllib3", version="2.8.0"),
    Package(name="awscrt"),
]


def without_runtime(
    packages: list[Package] = GRAPH,
    project: str = WITH_BOTO3,
    *,
    runtime: str = "python3.13",
    exclude: tuple[str, ...] = (),
) -> Selection:
    """The selection of a layer with ``exclude_runtime``."""
    return select_layer(
        *read(project, lock_text(project, packages)),
        target=Target(runtime, "x86_64"),
        choice=Choice.of(["main"], exclude=exclude, exclude_runtime=True),
    )


def test_sdk_and_what_only_it_needs_are_left_out_if_the_runtime_has_them() -> None:
    """Otherwise a package is missing: urllib3 is needed by app, too, and the runtime has no awscrt."""
    selection = without_runtime()
    assert [package.name for package in selection.packages] == ["aiobotocore", "app", "awscrt", "urllib3"]
    assert {excluded.name: excluded.reason for excluded in selection.excluded} == {
        "boto3": "in the runtime",
        "botocore": "in the runtime",
        "jmespath": "in the runtime, and only needed by boto3",
        "python-dateutil": "in the runtime, and only needed by boto3, botocore, s3transfer",
        "s3transfer": "in the runtime",
        "six": "in the runtime, and only needed by boto3, botocore, s3transfer",
    }


def test_package_of_the_runtime_that_the_project_requires_itself_stays() -> None:
    """The version in the runtime is not known, so it may not be one that the project accepts."""
    project = WITH_BOTO3.replace('"app"', '"app", "jmespath>=1"')
    assert "jmespath" in [package.name for package in without_runtime(project=project).packages]


def test_excluded_and_left_out_packages_have_their_own_reasons() -> None:
    """A user would look for an `exclude` that is not there."""
    selection = without_runtime(exclude=("boto3",))
    reasons = {excluded.name: excluded.reason for excluded in selection.excluded}
    assert (reasons["boto3"], reasons["botocore"]) == ("excluded", "in the runtime")
    assert reasons["jmespath"] == "only needed by boto3"


def test_without_the_sdk_nothing_changes() -> None:
    """A program could not use the argument for all of its projects."""
    selection = without_runtime([Package(name="app", dependencies={"urllib3": "*"}), Package(name="urllib3")], PROJECT)
    assert ([package.name for package in selection.packages], selection.excluded) == (["app", "urllib3"], ())
    assert selection.warnings == ()


def test_older_known_version_is_a_warning_with_its_source_and_date() -> None:
    """The function would fail in AWS, although it works with the locked version."""
    *_, warning = without_runtime(runtime="python3.11").warnings
    assert "the lock file has boto3 1.44.5 and botocore 1.44.5" in warning
    assert "the last known versions of python3.11 are boto3 1.27.1 and botocore 1.30.1 (2023-11-29, https://" in warning
    assert "aiobotocore 3.1 requires botocore >=1.44,<1.45" in warning


def test_unknown_version_is_a_warning() -> None:
    """A user would not know that the runtime has its own version."""
    (warning,) = without_runtime().warnings
    assert "it is not known which version python3.13 has" in warning
    assert "aiobotocore 3.1 requires botocore >=1.44,<1.45" in warning


def test_known_version_that_is_new_enough_is_no_warning() -> None:
    """A warning in every preview is not read."""
    packages = [
        Package(name="app", dependencies={"boto3": ">=1.26"}),
        Package(name="boto3", version="1.27.0", dependencies={"botocore": "*"}),
        Package(name="botocore", version="1.30.0"),
    ]
    assert without_runtime(packages, PROJECT, runtime="python3.11").warnings == ()


def test_requirement_that_the_runtime_does_not_meet_is_a_warning() -> None:
    """The locked version fits the known one here, but the range of the package does not."""
    packages = [
        Package(name="app", dependencies={"botocore": "<1.30"}),
        Package(name="botocore", version="1.29.0"),
    ]
    (warning,) = without_runtime(packages, PROJECT, runtime="python3.11").warnings
    assert "app 1.0 requires botocore <1.30" in warning


@pytest.mark.parametrize("runtime", sorted(KNOWN_VERSIONS))
def test_known_versions_have_a_source_and_a_date(runtime: str) -> None:
    """A figure that nobody can check is not worth a warning."""
    known = KNOWN_VERSIONS[runtime]
    assert runtime in RUNTIMES
    assert known.versions.keys() <= RUNTIME_DISTRIBUTIONS
    assert known.source.startswith("https://")
    assert len(known.date) == len("2023-10-17")
