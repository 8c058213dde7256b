"""A layer with a package from the company's own index; its login is a secret in the stack's configuration."""

import json

import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import PoetryLayer

deps = PoetryLayer("deps", runtime="python3.13")  # pyproject.toml says which packages come from the index

role = aws.iam.Role(
    "prices",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
            ],
        }
    ),
)

prices = aws.lambda_.Function(
    "prices",
    role=role.arn,
    handler="app.handler",
    code=pulumi.FileArchive("handler"),
    runtime=deps.runtime,
    architectures=[deps.architecture],
    layers=[deps.arn],
)

pulumi.export("packages", deps.packages)
