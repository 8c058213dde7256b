"""The code of the function: acme_pricing comes from the private index, humanize from the public one."""

import acme_pricing
import humanize


def handler(event, context):
    return {"statusCode": 200, "body": humanize.intcomma(acme_pricing.price(event["item"]))}
