"""Greets by name, and logs with Powertools for AWS Lambda, which is in the layer."""

from aws_lambda_powertools import Logger

logger = Logger(service="greeter")


def handler(event, context):
    name = event.get("name", "world")
    logger.info("greeting", extra={"letters": len(name)})
    return {"statusCode": 200, "body": f"Hello, {name}!"}
