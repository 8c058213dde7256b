"""A service of a monorepo: its layer has a library of the same repository, from a path dependency."""

import json

import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import PoetryLayer

deps = PoetryLayer("deps", project_dir="../services/orders", runtime="python3.13")

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
    code=pulumi.FileArchive("../services/orders/src"),
    runtime=deps.runtime,
    architectures=[deps.architecture],
    layers=[deps.arn],
)

pulumi.export("layer", deps.arn)
pulumi.export("packages", deps.packages)
