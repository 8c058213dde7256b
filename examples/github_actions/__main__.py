"""GitHub Actions previews each pull request and deploys main, with OIDC instead of stored keys and without a cache."""

import json

import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import PoetryLayer

deps = PoetryLayer("deps", runtime="python3.13")

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
