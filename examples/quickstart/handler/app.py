"""The code of the function; the packages that it imports are in the layer."""

import requests


def handler(event, context):
    return {"statusCode": 200, "body": f"requests {requests.__version__} from {requests.__file__}"}
