"""The code of the function; the packages that it imports are in the layer."""

import os

from jinja2 import Template

REPORT = Template("{{ customer }}: {{ rows | join(', ') }}")


def handler(event, context):
    return {"statusCode": 200, "body": REPORT.render(customer=os.environ["CUSTOMER"], rows=event["rows"])}
