"""The code of the functions; orjson is compiled code, so each target needs files of its own."""

import orjson


def handler(event, context):
    return {"statusCode": 200, "body": orjson.dumps(event, option=orjson.OPT_SORT_KEYS).decode()}
