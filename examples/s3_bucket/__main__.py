"""A large layer, published through an S3 bucket: Lambda takes zips over 50 MiB only from there."""

import json

import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import PoetryLayer

bucket = aws.s3.Bucket("layers")

deps = PoetryLayer(
    "deps",
    runtime="python3.13",
    bucket=bucket.bucket,
    key_prefix="layers",  # the object is layers/<name of the layer>/<fingerprint>.zip
)

role = aws.iam.Role(
    "solve",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
            ],
        }
    ),
)

solve = aws.lambda_.Function(
    "solve",
    role=role.arn,
    handler="app.handler",
    code=pulumi.FileArchive("handler"),
    runtime=deps.runtime,
    architectures=[deps.architecture],
    layers=[deps.arn],
)

pulumi.export("layer", deps.arn)
pulumi.export("bucket", bucket.bucket)
