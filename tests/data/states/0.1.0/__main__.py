import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import PoetryLayer

deps = PoetryLayer(
    "deps",
    project_dir="service",
    runtime="python3.12",
    layer_name="deps",
    description="written by an older release",
)
bucket = aws.s3.Bucket("artifacts", bucket="artifacts")
PoetryLayer(
    "stored",
    layer_name="stored",
    project_dir="service",
    runtime="python3.12",
    architecture="arm64",
    extras=["yaml"],
    bucket=bucket.bucket,
    key_prefix="layers",
)
pulumi.export("arn", deps.arn)
