"""PoetryLayer: the component that users declare in their Pulumi programs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from pulumi_poetry_layer.arguments import LayerArguments, is_mocked, plan_arguments
from pulumi_poetry_layer.builders.builder import Builder
from pulumi_poetry_layer.errors import PoetryLayerError
from pulumi_poetry_layer.matrix import PoetryLayerMatrix
from pulumi_poetry_layer.publish.build_folder import place_zip
from pulumi_poetry_layer.publish.drift import checked_arn
from pulumi_poetry_layer.publish.layer_version import (
    LayerSettings,
    layer_version_options,
    publish_directly,
    publish_through_bucket,
)
from pulumi_poetry_layer.publish.layer_zip import LayerZip, declare_sbom, declare_zip
from pulumi_poetry_layer.publish.retention import keep_last_versions, marked_description
from pulumi_poetry_layer.publish.seams import IN_PYTHON_PROGRAM, Seams
from pulumi_poetry_layer.publish.sharing import share
from pulumi_poetry_layer.publishing_arguments import default_layer_name

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pulumi_poetry_layer.layer.planning import PlannedLayer
    from pulumi_poetry_layer.plan.target import ArchitectureName, RuntimeName

TYPE = "poetry-layer:index:PoetryLayer"


class PoetryLayer(pulumi.ComponentResource):
    """A Lambda layer version with the packages of a poetry.lock.

    Attributes:
        arn: ARN of the layer version, for the ``layers`` of a function.
        layer_arn: ARN of the layer without the version.
        version: number of the layer version.
        fingerprint: digest of everything that decides the bytes of the layer.
        packages: distribution → version, for all packages in the layer.
        size: bytes of the zip.
        unzipped_size: bytes of its files.
        runtime: the Lambda runtime that the layer is built for.
        architecture: the architecture that the layer is built for.
        bytecode: the release of Python that has compiled the modules, such as ``3.13.2``; None without bytecode.
        sbom: the packages as a CycloneDX document (JSON); None without ``sbom=True``.
        build: the child resource that builds the zip.
        layer_version: the child resource that publishes it.
        bucket_object: the child resource that uploads it to S3, None without ``bucket``.
        permissions: the child resources that share the layer version.
    """

    arn: pulumi.Output[str]
    layer_arn: pulumi.Output[str]
    version: pulumi.Output[str]
    fingerprint: pulumi.Output[str]
    packages: pulumi.Output[dict[str, str]]
    size: pulumi.Output[int]
    unzipped_size: pulumi.Output[int]
    runtime: pulumi.Output[str]
    architecture: pulumi.Output[str]
    bytecode: pulumi.Output[str | None]
    sbom: pulumi.Output[str | None]
    bucket_object: pulumi.CustomResource | None  # the SDK evaluates this; aws.s3 takes a fifth of a second to import
    permissions: list[aws.lambda_.LayerVersionPermission]

    def __init__(
        self,
        name: str,
        *,
        runtime: RuntimeName | str | aws.lambda_.Runtime | None = None,
        project_dir: str | os.PathLike[str] = ".",
        architecture: ArchitectureName | str | None = None,
        groups: Sequence[str] | None = None,
        extras: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None,
        builder: Builder | str | None = None,
        on_conflict: str | None = None,
        python_patch: str | None = None,
        system_libraries: Sequence[str] | None = None,
        bytecode: bool | str | None = None,
        exclude_runtime: bool | None = None,
        strip: Sequence[str] | None = None,
        max_unzipped_size: int | None = None,
        layer_name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
        license_info: pulumi.Input[str] | None = None,
        sbom: bool = False,
        compatible_runtimes: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        bucket: pulumi.Input[str] | None = None,
        key_prefix: pulumi.Input[str] | None = None,
        skip_destroy: pulumi.Input[bool] | None = None,
        keep_versions: int | None = None,
        share_with: Sequence[pulumi.Input[str]] = (),
        organization_id: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        build_dir: str | os.PathLike[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        _layer_zip: LayerZip | None = None,
        _seams: Seams = IN_PYTHON_PROGRAM,
    ) -> None:
        """Declare a layer.

        What decides the content of the layer (the arguments from ``runtime`` to ``max_unzipped_size``) comes from
        ``[tool.poetry-layer]`` in pyproject.toml if it is left out or None, or else has the default below.

        Args:
            name: name of the resource.
            runtime: Lambda runtime, such as ``python3.12``; it has no default.
            project_dir: folder of pyproject.toml and poetry.lock, relative to the Pulumi program.
            architecture: ``x86_64`` or ``arm64``; default: ``x86_64``.
            groups: Poetry dependency groups; default: ``main``.
            extras: extras of the project; default: none.
            exclude: distributions to leave out, with the dependencies that only they need; default: none.
            builder: a builder, or the name of one; default: ``wheels``.
            on_conflict: what to do if two distributions contain the same file with different contents: ``warn`` takes
                that of the last distribution in the order of names, ``error`` refuses the layer; default: ``warn``.
            python_patch: the patch release of the runtime's Python, such as ``3.12.4``, for projects that require a
                certain one; default: the newest known one.
            system_libraries: file names of shared libraries that the function has besides those of the runtime, such as
                ``libodbc.so.2`` in another layer; docs/verify.md says what is checked. Default: none.
            bytecode: whether to compile the modules, so that functions start faster. A string is the only release of
                Python that may compile them, such as ``3.13.2``; otherwise any of the runtime's version may, which
                this machine must have. docs/bytecode.md says more. Default: False.
            exclude_runtime: leave out the AWS SDK (boto3), which the runtime has, and what only it needs and the
                runtime has, too; docs/size.md says what that means for versions. Default: False.
            strip: kinds of files to leave out if the packages do not need them: ``tests``, ``stubs``, ``sources``;
                docs/size.md has the rules; default: none.
            max_unzipped_size: the most bytes that the files of the layer may have, to leave room for the function and
                its other layers; default: 262,144,000, Lambda's limit for all of them together.
            layer_name: name of the layer in AWS; default: ``<name>-<stack>``.
            description: description of the layer version.
            license_info: license of the layer version; default: those of the packages, as their metadata says.
            sbom: describe the packages in a CycloneDX document, the output ``sbom``.
            compatible_runtimes: compatible runtimes of the layer version; default: ``runtime``.
            bucket: S3 bucket to publish through, needed for zips over 50 MiB; default: direct upload.
            key_prefix: start of the S3 object's key; only with ``bucket``.
            skip_destroy: keep a layer version in AWS when it is replaced or destroyed.
            keep_versions: how many versions stay in AWS, with the one that is published; older ones are deleted.
                Default: only the one that is published. Needs boto3.
            share_with: ids of the AWS accounts that may use the layer version.
            organization_id: id of the AWS organization, all of whose accounts may use the layer version.
            region: region of the layer version; default: that of the provider. Needs pulumi-aws 7.
            build_dir: folder for the zips, relative to the Pulumi program; default: ``poetry-layer:buildDir`` in the
                stack's configuration, or ``.poetry-layer``.
            opts: options of the component; docs/lifecycle.md lists which child gets which option.

        Raises:
            pulumi.RunError: the input is wrong; nothing is registered, built or published.
        """
        try:
            planned = plan_arguments(
                name=name,
                program_dir=_seams.folder(),
                project_dir=project_dir,
                runtime=runtime,
                architecture=architecture,
                groups=groups,
                extras=extras,
                exclude=exclude,
                builder=builder,
                on_conflict=on_conflict,
                python_patch=python_patch,
                system_libraries=system_libraries,
                bytecode=bytecode,
                exclude_runtime=exclude_runtime,
                strip=strip,
                max_unzipped_size=max_unzipped_size,
                layer_name=layer_name,
                description=description,
                license_info=license_info,
                sbom=sbom,
                compatible_runtimes=compatible_runtimes,
                bucket=bucket,
                key_prefix=key_prefix,
                keep_versions=keep_versions,
                share_with=share_with,
                organization_id=organization_id,
                region=region,
                build_dir=build_dir,
            )
            place = _layer_zip.place if _layer_zip else place_zip(name, planned.plan.fingerprint, build_dir, _seams)
        except PoetryLayerError as error:
            # The engine prints only the message of a RunError; for other errors it prints a traceback.
            raise pulumi.RunError(f"PoetryLayer {name!r}: {error}") from error
        super().__init__(TYPE, name, None, opts)
        layer_zip = _layer_zip or declare_zip(name, planned, place, self, _seams, direct_upload=bucket is None)
        self.build = layer_zip.build
        settings = LayerSettings(
            layer_name=default_layer_name(name) if layer_name is None else layer_name,
            compatible_architectures=[planned.request.architecture],
            compatible_runtimes=[planned.request.runtime] if compatible_runtimes is None else compatible_runtimes,
            description=marked_description(description, name, self.build) if keep_versions else description,
            license_info=self.build.recorded_licenses() if license_info is None else license_info,
            skip_destroy=True if keep_versions else skip_destroy,
            region=region,
        )
        self.sbom = (
            declare_sbom(name, planned, layer_zip, self, direct_upload=bucket is None)
            if sbom
            else pulumi.Output.from_input(None)
        )
        self.bucket_object = None
        if bucket is None:
            self.layer_version = publish_directly(name, layer_zip, settings, self, opts=layer_version_options(opts))
        else:
            self.bucket_object, self.layer_version = publish_through_bucket(
                name,
                layer_zip,
                settings,
                self,
                bucket=bucket,
                key_prefix="" if key_prefix is None else key_prefix,
                opts=layer_version_options(opts),
            )
        self.permissions = share(
            name, self.layer_version, settings, self, accounts=share_with, organization_id=organization_id
        )
        if keep_versions:
            keep_last_versions(name, self.layer_version, layer_zip, self, keep=keep_versions, skip_destroy=skip_destroy)
        self._set_outputs(planned, _seams)

    @classmethod
    def matrix(
        cls,
        name: str,
        *,
        runtimes: Sequence[RuntimeName | str | aws.lambda_.Runtime] | None = None,
        architectures: Sequence[ArchitectureName | str] | None = None,
        regions: Sequence[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **arguments: Unpack[LayerArguments],
    ) -> PoetryLayerMatrix:
        """Declare a layer for each runtime on each architecture in each region; see :class:`PoetryLayerMatrix`.

        Args:
            name: name of the matrix; the names of the layers start with it.
            runtimes: Lambda runtimes; default: the one in ``[tool.poetry-layer]``.
            architectures: ``x86_64``, ``arm64`` or both; default: the one in ``[tool.poetry-layer]``, or ``x86_64``.
            regions: regions to publish each layer in; it is built once. Default: the region of the provider.
            opts: options of the matrix; they are applied to the layers.
            **arguments: the other arguments of :class:`PoetryLayer`, the same for all layers.

        Raises:
            pulumi.RunError: the input is wrong for at least one target; nothing is registered, built or published.
        """
        return PoetryLayerMatrix(
            name, cls, runtimes=runtimes, architectures=architectures, regions=regions, opts=opts, **arguments
        )

    def _set_outputs(self, planned: PlannedLayer, seams: Seams) -> None:
        self.arn = self.layer_version.arn
        self.fingerprint = pulumi.Output.from_input(planned.plan.fingerprint)
        self.packages = pulumi.Output.from_input(planned.packages)
        if not is_mocked():
            self.arn = checked_arn(self.layer_version, self.bucket_object, self.build, planned.plan.fingerprint)
            # With --target, the published layer may not be the one that is planned.
            self.fingerprint = self.build.fingerprint
            self.packages = self.build.packages
        self.layer_arn = self.layer_version.layer_arn
        self.version = self.layer_version.version
        self.size = self.build.size.apply(_as_int)
        self.unzipped_size = self.build.unzipped_size.apply(_as_int)
        self.runtime = pulumi.Output.from_input(planned.request.runtime)
        self.architecture = pulumi.Output.from_input(planned.request.architecture)
        self.bytecode = self.build.release_that_compiled
        names = ["arn", "layer_arn", "version", "fingerprint", "packages", "size", "unzipped_size", "runtime"]
        names += ["architecture", *(["bytecode"] if planned.request.bytecode else [])]
        self.register_outputs({seams.output_name(name): getattr(self, name) for name in names})


def _as_int(size: float | None) -> int:
    """A size as an int: the engine's protocol only has floats. 0 if a mock returns no size."""
    return int(size or 0)
