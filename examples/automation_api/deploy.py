"""A Python script previews, deploys and destroys a stack for each customer, with Pulumi's Automation API.

Usage: python deploy.py {preview,up,destroy} CUSTOMER
"""

import json
import sys
from pathlib import Path

import pulumi
import pulumi_aws as aws
from pulumi import automation
from pulumi_poetry_layer import PoetryLayer


def program() -> None:
    """The resources of a customer."""
    customer = pulumi.get_stack()

    deps = PoetryLayer("deps", runtime="python3.13", layer_name=f"reports-{customer}")

    role = aws.iam.Role(
        "reports",
        assume_role_policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
                ],
            }
        ),
    )

    aws.lambda_.Function(
        "reports",
        role=role.arn,
        handler="app.handler",
        code=pulumi.FileArchive("handler"),
        runtime=deps.runtime,
        architectures=[deps.architecture],
        layers=[deps.arn],
        environment={"variables": {"CUSTOMER": customer}},
    )

    pulumi.export("layer", deps.arn)


def main(command: str, customer: str) -> None:
    """Run a command on the stack of a customer."""
    stack = automation.create_or_select_stack(
        stack_name=customer,
        project_name="reports",
        program=program,
        work_dir=str(Path(__file__).parent),  # relative paths in the program start here
    )
    match command:
        case "preview":
            stack.preview(on_output=print)
        case "up":
            print(stack.up(on_output=print).outputs["layer"].value)
        case "destroy":
            stack.destroy(on_output=print)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("preview", "up", "destroy"):
        sys.exit(__doc__)
    main(*sys.argv[1:])
