"""Lambda: layer versions and functions."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from stand_in.archives import is_content, materialize
from stand_in.differ import changed
from stand_in.host import Host
from stand_in.kind import REGION, TAGS, Kind, Property, given, is_missing
from stand_in.values import Props, StandInError

_REQUEST_LIMIT = 70_167_211
_UNZIPPED_LIMIT = 262_144_000
_FIXED = Property(force_new=True)
_FIXED_SET = Property(force_new=True, unordered=True)
_CODE_KEYS = {"code", "s3Bucket", "s3Key", "s3ObjectVersion", "sourceCodeHash", "architectures"}


class LayerVersion(Kind):
    """A published version of a layer. No property of it can be updated."""

    token = "aws:lambda/layerVersion:LayerVersion"  # noqa: S105
    properties: ClassVar[Mapping[str, Property]] = {
        "layerName": Property(required=True, force_new=True),
        "code": _FIXED,
        "s3Bucket": _FIXED,
        "s3Key": _FIXED,
        "s3ObjectVersion": _FIXED,
        "description": _FIXED,
        "licenseInfo": _FIXED,
        "compatibleRuntimes": _FIXED_SET,
        "compatibleArchitectures": _FIXED_SET,
        "sourceCodeHash": Property(force_new=True, computed=True),
        "skipDestroy": Property(force_new=True, default=False),
        "region": REGION,
    }
    outputs = (
        "arn",
        "codeSha256",
        "createdDate",
        "layerArn",
        "signingJobArn",
        "signingProfileVersionArn",
        "sourceCodeSize",
        "version",
    )

    def create(self, inputs: Props) -> tuple[str, Props]:
        """Publish the version."""
        optional = given(
            Description=inputs.get("description"),
            LicenseInfo=inputs.get("licenseInfo"),
            CompatibleRuntimes=inputs.get("compatibleRuntimes"),
            CompatibleArchitectures=inputs.get("compatibleArchitectures"),
        )
        published = self.session.functions(inputs.get("region")).publish_layer_version(
            LayerName=inputs["layerName"],
            Content=_content(inputs, "PublishLayerVersion", self.session.host),
            **optional,
        )
        return published["LayerVersionArn"], self._described(published, inputs)

    def read(self, resource_id: str, known: Props) -> Props | None:
        """Read the version by the parts of its ARN."""
        _, _, _, region, _, _, name, version = resource_id.split(":")
        try:
            found = self.session.functions(region).get_layer_version(LayerName=name, VersionNumber=int(version))
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return self._described(found, {"layerName": name, **known})

    def delete(self, resource_id: str, known: Props) -> None:
        """Delete the version, unless ``skipDestroy`` is true."""
        if known.get("skipDestroy"):
            return
        _, _, _, region, _, _, name, version = resource_id.split(":")
        self.session.functions(region).delete_layer_version(LayerName=name, VersionNumber=int(version))

    def _described(self, layer: Mapping[str, Any], inputs: Props) -> Props:
        content = layer["Content"]
        return {
            "arn": layer["LayerVersionArn"],
            "layerArn": layer["LayerArn"],
            "layerName": inputs["layerName"],
            "version": str(layer["Version"]),
            "createdDate": layer["CreatedDate"],
            "description": layer.get("Description", ""),
            "licenseInfo": layer.get("LicenseInfo", ""),
            "compatibleRuntimes": layer.get("CompatibleRuntimes", []),
            "compatibleArchitectures": layer.get("CompatibleArchitectures", []),
            "codeSha256": content["CodeSha256"],
            "sourceCodeHash": inputs.get("sourceCodeHash", ""),
            "sourceCodeSize": content["CodeSize"],
            "signingJobArn": "",
            "signingProfileVersionArn": "",
            "region": layer["LayerVersionArn"].split(":")[3],
        }


class Function(Kind):
    """A function with its code in a zip."""

    token = "aws:lambda/function:Function"  # noqa: S105
    autoname = "name"
    properties: ClassVar[Mapping[str, Property]] = {
        "name": Property(force_new=True, computed=True),
        "role": Property(required=True),
        "runtime": Property(),
        "handler": Property(),
        "architectures": Property(computed=True),
        "code": Property(),
        "s3Bucket": Property(),
        "s3Key": Property(),
        "s3ObjectVersion": Property(),
        "sourceCodeHash": Property(computed=True),
        "description": Property(),
        "environment": Property(),
        "layers": Property(),
        "memorySize": Property(default=128),
        "timeout": Property(default=3),
        "packageType": Property(force_new=True, default="Zip"),
        "publish": Property(default=False),
        "skipDestroy": Property(default=False),
        "tags": TAGS,
        "region": REGION,
    }
    outputs = (
        "arn",
        "codeSha256",
        "invokeArn",
        "lastModified",
        "qualifiedArn",
        "qualifiedInvokeArn",
        "signingJobArn",
        "signingProfileVersionArn",
        "sourceCodeSize",
        "tagsAll",
        "version",
    )
    volatile = ("codeSha256", "lastModified", "qualifiedArn", "qualifiedInvokeArn", "sourceCodeSize", "version")

    def create(self, inputs: Props) -> tuple[str, Props]:
        """Create the function and read its properties."""
        optional = given(Architectures=inputs.get("architectures"), Tags=inputs.get("tags"))
        self.session.functions(inputs.get("region")).create_function(
            Code=_content(inputs, "CreateFunction", self.session.host),
            PackageType=inputs["packageType"],
            Publish=inputs["publish"],
            **_configuration(inputs),
            **optional,
        )
        return inputs["name"], self.read(inputs["name"], inputs) or {}

    def read(self, resource_id: str, known: Props) -> Props | None:
        """Read the function by its name."""
        try:
            found = self.session.functions(known.get("region")).get_function(FunctionName=resource_id)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return {**_described(found["Configuration"], known), "tagsAll": dict(found.get("Tags", {}))}

    def update(self, resource_id: str, known: Props, inputs: Props) -> None:
        """Update the code and the configuration, if they have changed."""
        client = self.session.functions(known.get("region"))
        names = changed(type(self), known, inputs)
        if names & _CODE_KEYS:
            optional = given(Architectures=inputs.get("architectures"))
            code = _content(inputs, "UpdateFunctionCode", self.session.host)
            client.update_function_code(FunctionName=resource_id, Publish=inputs["publish"], **code, **optional)
        if names - _CODE_KEYS:
            client.update_function_configuration(**_configuration(inputs))
        if "tags" in names:
            arn, tags = known["arn"], inputs.get("tags", {})
            client.untag_resource(Resource=arn, TagKeys=sorted(set(known.get("tags", {})) - set(tags)))
            client.tag_resource(Resource=arn, Tags=tags)

    def delete(self, resource_id: str, known: Props) -> None:
        """Delete the function, unless ``skipDestroy`` is true."""
        if known.get("skipDestroy"):
            return
        try:
            self.session.functions(known.get("region")).delete_function(FunctionName=resource_id)
        except ClientError as error:
            if not is_missing(error):
                raise


def _configuration(inputs: Props) -> Props:
    return {
        "FunctionName": inputs["name"],
        "Role": inputs["role"],
        "MemorySize": inputs["memorySize"],
        "Timeout": inputs["timeout"],
        "Description": inputs.get("description", ""),
        "Layers": inputs.get("layers", []),
        "Environment": {"Variables": inputs.get("environment", {}).get("variables", {})},
        **given(Runtime=inputs.get("runtime"), Handler=inputs.get("handler")),
    }


def _described(function: Mapping[str, Any], known: Props) -> Props:
    arn, variables = function["FunctionArn"], function.get("Environment", {}).get("Variables", {})
    region = arn.split(":")[3]
    invoke = f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/"
    qualified = f"{arn}:{function['Version']}"
    return {
        "name": function["FunctionName"],
        "arn": arn,
        "invokeArn": f"{invoke}{arn}/invocations",
        "qualifiedArn": qualified,
        "qualifiedInvokeArn": f"{invoke}{qualified}/invocations",
        "role": function["Role"],
        "runtime": function.get("Runtime"),
        "handler": function.get("Handler"),
        "architectures": function.get("Architectures", ["x86_64"]),
        "description": function.get("Description", ""),
        "environment": {"variables": variables} if variables else None,
        "layers": [layer["Arn"] for layer in function.get("Layers", [])],
        "memorySize": function["MemorySize"],
        "timeout": function["Timeout"],
        "packageType": function.get("PackageType", "Zip"),
        "codeSha256": function["CodeSha256"],
        "sourceCodeHash": known.get("sourceCodeHash") or function["CodeSha256"],
        "sourceCodeSize": function["CodeSize"],
        "lastModified": function["LastModified"],
        "signingJobArn": "",
        "signingProfileVersionArn": "",
        "version": function["Version"],
        "region": region,
    }


def _content(inputs: Props, operation: str, host: Host) -> Any:
    code = inputs.get("code")
    if not is_content(code):
        return given(
            S3Bucket=inputs.get("s3Bucket"), S3Key=inputs.get("s3Key"), S3ObjectVersion=inputs.get("s3ObjectVersion")
        )
    zipped = materialize(code, host).read_bytes()
    _refuse_invalid_zip(zipped, operation)
    return {"ZipFile": zipped}


def _refuse_invalid_zip(zipped: bytes, operation: str) -> None:
    """Refuse empty, invalid and too large zips, as AWS does. Moto accepts them."""
    prefix = f"operation error Lambda: {operation}, InvalidParameterValueException: "
    if not zipped:
        raise StandInError(prefix + "Uploaded file must be a non-empty zip")
    if len(zipped) * 4 / 3 > _REQUEST_LIMIT:
        raise StandInError(
            f"operation error Lambda: {operation}, RequestEntityTooLargeException: "
            f"Request must be smaller than {_REQUEST_LIMIT} bytes for the {operation} operation"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(zipped)) as bundle:
            unzipped = sum(member.file_size for member in bundle.infolist())
    except zipfile.BadZipFile as error:
        raise StandInError(prefix + "Could not unzip uploaded file. Please check your file, then try again") from error
    if unzipped >= _UNZIPPED_LIMIT:
        raise StandInError(prefix + f"Unzipped size must be smaller than {_UNZIPPED_LIMIT} bytes")
