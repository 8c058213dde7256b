"""The code of the function; the packages that it imports are in the layer."""

from markupsafe import escape


def handler(event, context):
    return {"statusCode": 200, "body": str(escape(event["text"]))}
