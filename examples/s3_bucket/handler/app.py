"""The code of the function; numpy is in the layer."""

import numpy


def handler(event, context):
    return {"statusCode": 200, "body": str(numpy.linalg.solve(event["matrix"], event["vector"]).tolist())}
