"""A Lambda function with its dependencies in a layer, which is built from the poetry.lock beside this file."""

import json

import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import PoetryLayer

config = pulumi.Config()

deps = PoetryLayer(
    "deps",
    runtime=config.get("runtime") or "python3.13",
    groups=config.get_object("groups") or ["main"],  # dev also has the debug group: see Pulumi.dev.yaml
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
pulumi.export("packages", deps.packages)
pulumi.export("function", api.name)
