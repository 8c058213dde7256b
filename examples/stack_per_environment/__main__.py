"""The orders service: debugging tools in dev, arm64 in staging and prod, S3 and kept versions in prod."""

import json

import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import PoetryLayer

config = pulumi.Config()
environment = pulumi.get_stack()
bucket = aws.s3.Bucket("artifacts") if config.get_bool("publishThroughBucket") else None

deps = PoetryLayer(
    "deps",
    project_dir="service",
    runtime="python3.13",
    architecture=config.get("architecture") or "x86_64",
    groups=config.get_object("groups") or ["main"],
    layer_name=f"orders-{environment}",
    bucket=bucket.bucket if bucket else None,
    skip_destroy=config.get_bool("keepVersions"),
)

role = aws.iam.Role(
    "orders",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
            ],
        }
    ),
)

orders = aws.lambda_.Function(
    "orders",
    role=role.arn,
    handler="orders.handler",
    code=pulumi.FileArchive("service/src"),
    runtime=deps.runtime,
    architectures=[deps.architecture],
    layers=[deps.arn],
)

pulumi.export("layer", deps.arn)
pulumi.export("packages", deps.packages)
