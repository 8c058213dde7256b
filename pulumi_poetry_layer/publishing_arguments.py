"""AWS's rules for the arguments that decide how a layer is published, checked before anything is built."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import pulumi
import pulumi_aws as aws

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.kept_versions import MARK_LENGTH
from pulumi_poetry_layer.plan.target import RUNTIMES
from pulumi_poetry_layer.wording import argument, boolean, is_python, keyword, place

_LONGEST_DESCRIPTION, _LONGEST_LICENSE, _MOST_RUNTIMES = 256, 512, 15
"""https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html"""

_LAYER_NAME = re.compile(r"[A-Za-z0-9_-]{1,140}|arn:[A-Za-z0-9-]+:lambda:[a-z0-9-]+:\d{12}:layer:[A-Za-z0-9_-]+")
"""The rule of AWS: https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html"""

_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_ACCOUNT = re.compile(r"\d{12}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
"""https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html"""

_RUNTIMES_OF_AWS = frozenset(str(runtime.value) for runtime in aws.lambda_.Runtime) | frozenset(RUNTIMES)


def publishing_problems(name: str, publishing: dict[str, Any]) -> Iterator[InputError]:
    """Check what AWS would refuse after the build; values that are Outputs are not known yet.

    Args:
        name: name of the resource.
        publishing: arguments of the component, by name.
    """
    given = {key: value for key, value in publishing.items() if value is not None}
    yield from _layer_name_problems(given.get("layer_name", default_layer_name(name)))
    mark = MARK_LENGTH if "keep_versions" in given else 0
    yield from _length_problems("description", given, _LONGEST_DESCRIPTION - mark)
    yield from _length_problems("license_info", given, _LONGEST_LICENSE)
    if not isinstance(given.get("sbom", False), bool):
        yield InputError(f"must be {boolean(True)} or {boolean(False)}, not {given['sbom']!r}", where=place("sbom"))
    yield from _runtimes_problems(given.get("compatible_runtimes", ()))
    yield from _bucket_problems(given)
    if "region" in given:
        yield from region_problems(given["region"])
    if "keep_versions" in given:
        yield from _keep_versions_problems(given["keep_versions"])
    yield from _sharing_problems(given)


def default_layer_name(name: str) -> str:
    """The name of a layer that has no ``layer_name``: two stacks in one account must not publish the same layer."""
    return f"{name}-{pulumi.get_stack()}".replace(".", "-")


def region_problems(region: object, *, where: str | None = None) -> Iterator[InputError]:
    """Check a region; ``pulumi-aws`` 6 has no argument for it, and would publish in the region of the provider."""
    if not hasattr(aws.lambda_.LayerVersionArgs, "region"):
        yield InputError(
            f"needs pulumi-aws 7 or newer; version {version('pulumi-aws')} is installed",
            where=where or place("region"),
            hint="upgrade pulumi-aws, or give the layer a provider of that region: "
            "opts=pulumi.ResourceOptions(provider=aws.Provider(…, region=…))"
            if is_python()
            else "upgrade pulumi-aws where the plugin is installed, or give the layer a provider of that region",
        )
    elif not isinstance(region, pulumi.Output) and not (isinstance(region, str) and _REGION.fullmatch(region)):
        yield InputError(f"{region!r} is not a region, such as 'eu-west-1'", where=where or place("region"))


def _layer_name_problems(layer_name: pulumi.Input[str]) -> Iterator[InputError]:
    """AWS would check the name too, but after the build. A name that is an Output is not checked here."""
    if isinstance(layer_name, str) and not _LAYER_NAME.fullmatch(layer_name):
        yield InputError(
            f"{layer_name!r} is not a valid layer name",
            where=place("layer_name"),
            hint="use 1 to 140 letters, digits, hyphens and underscores; the default is <resource>-<stack>",
        )


def _length_problems(key: str, given: dict[str, Any], longest: int) -> Iterator[InputError]:
    value = given.get(key)
    if isinstance(value, str) and len(value) > longest:
        marked = (
            ""
            if longest in {_LONGEST_DESCRIPTION, _LONGEST_LICENSE}
            else f", with the mark of {argument('keep_versions')}"
        )
        yield InputError(f"has {len(value)} characters; AWS allows {longest}{marked}", where=place(key))


def _runtimes_problems(runtimes: Any) -> Iterator[InputError]:
    where = place("compatible_runtimes")
    if isinstance(runtimes, pulumi.Output):
        return
    if isinstance(runtimes, str) or not isinstance(runtimes, Sequence):
        yield InputError(f"must be a list of strings, not {runtimes!r}", where=where)
        return
    if len(runtimes) > _MOST_RUNTIMES:
        yield InputError(f"has {len(runtimes)} runtimes; AWS allows {_MOST_RUNTIMES}", where=where)
    for runtime in runtimes:
        name = runtime.value if isinstance(runtime, Enum) else runtime
        if isinstance(name, str) and name not in _RUNTIMES_OF_AWS:
            yield InputError(f"AWS has no runtime {name!r}", where=where)


def _bucket_problems(given: dict[str, Any]) -> Iterator[InputError]:
    if given.get("bucket") == "":
        yield InputError("is empty", where=place("bucket"), hint="leave it out to upload directly, or name a bucket")
    if "bucket" not in given and given.get("key_prefix"):
        yield InputError(
            f"needs {keyword('bucket')}",
            where=place("key_prefix"),
            hint=f"set bucket, or leave {argument('key_prefix')} out",
        )


def _keep_versions_problems(keep_versions: object) -> Iterator[InputError]:
    where = place("keep_versions")
    if isinstance(keep_versions, pulumi.Output):
        yield InputError("an Output is not accepted here", where=where, hint="use a plain number")
    elif not isinstance(keep_versions, int) or isinstance(keep_versions, bool) or keep_versions < 1:
        yield InputError(f"must be a number of versions, 1 or more, not {keep_versions!r}", where=where)
    elif find_spec("boto3") is None:
        hint = "run: pip install 'pulumi-poetry-layer[keep-versions]'"
        yield InputError("needs boto3, which deletes the old versions", where=where, hint=hint)


def _sharing_problems(given: dict[str, Any]) -> Iterator[InputError]:
    accounts, organization = given.get("share_with", ()), given.get("organization_id")
    if isinstance(accounts, str | pulumi.Output) or not isinstance(accounts, Sequence):
        yield InputError(f"must be a list of account ids, not {accounts!r}", where=place("share_with"))
        accounts = ()
    for account in accounts:
        if not isinstance(account, pulumi.Output) and not (isinstance(account, str) and _ACCOUNT.fullmatch(account)):
            hint = "an account id is a string of 12 digits"
            yield InputError(f"{account!r} is not the id of an AWS account", where=place("share_with"), hint=hint)
    is_known = organization is not None and not isinstance(organization, pulumi.Output)
    if is_known and not (isinstance(organization, str) and _ORGANIZATION.fullmatch(organization)):
        problem = f"{organization!r} is not the id of an AWS organization, such as 'o-a1b2c3d4e5'"
        yield InputError(problem, where=place("organization_id"))
