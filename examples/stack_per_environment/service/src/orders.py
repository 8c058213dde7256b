"""The service's own code; what it imports comes from the layer."""

from pydantic import BaseModel


class Order(BaseModel):
    """What a customer asks for."""

    item: str
    amount: int = 1


def handler(event, context):
    return {"statusCode": 200, "body": Order.model_validate(event).model_dump_json()}
