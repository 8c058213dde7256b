"""The code of the service; the packages that it imports are in the layer."""

from pydantic import BaseModel


class Order(BaseModel):
    """What a customer orders."""

    item: str
    amount: int = 1


def handler(event, context):
    return {"statusCode": 200, "body": Order.model_validate(event).model_dump_json()}
