"""A package without a wheel for Lambda, crcmod, is compiled in the Lambda build image."""

import json

import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import ContainerBuilder, PoetryLayer

deps = PoetryLayer(
    "deps",
    runtime="python3.13",
    builder=ContainerBuilder(network=pulumi.Config().get("network")),  # "host" for an index on this machine
)

role = aws.iam.Role(
    "checksum",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
            ],
        }
    ),
)

checksum = aws.lambda_.Function(
    "checksum",
    role=role.arn,
    handler="app.handler",
    code=pulumi.FileArchive("handler"),
    runtime=deps.runtime,
    architectures=[deps.architecture],
    layers=[deps.arn],
)

pulumi.export("layer", deps.arn)
