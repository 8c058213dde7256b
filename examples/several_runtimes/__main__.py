"""One service on two Pythons and both architectures: a layer and a function for each of the four targets."""

import json

import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import PoetryLayer

layers = PoetryLayer.matrix("deps", runtimes=["python3.12", "python3.13"], architectures=["x86_64", "arm64"])

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

for runtime, architecture in layers:
    aws.lambda_.Function(
        f"api-{runtime.replace('.', '')}-{architecture}",
        role=role.arn,
        handler="app.handler",
        code=pulumi.FileArchive("handler"),
        runtime=runtime,
        architectures=[architecture],
        layers=[layers[runtime, architecture].arn],
    )

pulumi.export("layers", layers.arns)
