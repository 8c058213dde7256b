"""The function's own code; what it imports comes from the layer."""

import requests


def handler(event, context):
    return {"statusCode": 200, "body": f"requests {requests.__version__} from {requests.__file__}"}
