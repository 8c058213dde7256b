"""The code of the service; the library that it imports is in the layer."""

from pricing import total


def handler(event, context):
    return {"statusCode": 200, "body": total(event["prices"])}
