"""A platform team's layer: built once, published in two regions, shared, and found through a parameter."""

import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import PoetryLayer

config = pulumi.Config()

layers = PoetryLayer.matrix(
    "base",
    runtimes=["python3.13"],
    architectures=["arm64"],
    regions=["eu-west-1", "us-east-1"],
    project_dir="packages",
    keep_versions=3,
    share_with=config.require_object("accounts"),
)

for runtime, architecture, region in layers:
    aws.ssm.Parameter(
        f"base-{region}",
        name=f"/layers/base/{runtime}-{architecture}",
        type="String",
        value=layers[runtime, architecture, region].arn,
        region=region,
    )

pulumi.export("layers", layers.arns)
