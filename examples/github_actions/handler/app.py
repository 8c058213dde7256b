"""The code of the function; the packages that it imports are in the layer."""

import yaml


def handler(event, context):
    return {"statusCode": 200, "body": yaml.safe_dump(event)}
