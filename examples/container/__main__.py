"""A layer that the real `poetry install` makes, in a container of the Lambda build image or of your copy of it."""

import json

import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import ContainerBuilder, PoetryLayer

config = pulumi.Config()

deps = PoetryLayer(
    "deps",
    runtime="python3.13",
    builder=ContainerBuilder(
        image=config.get("image"),  # such as one in your registry, by digest; the default is AWS's build image
        network=config.get("network"),  # "host" for an index on this machine
        timeout=600,
    ),
)

role = aws.iam.Role(
    "api",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
            ],
        }
    ),
)

api = aws.lambda_.Function(
    "api",
    role=role.arn,
    handler="app.handler",
    code=pulumi.FileArchive("handler"),
    runtime=deps.runtime,
    architectures=[deps.architecture],
    layers=[deps.arn],
)

pulumi.export("layer", deps.arn)
