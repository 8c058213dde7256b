"""How prices are added up and shown, for all services."""

from humanize import intcomma


def total(prices: list[int]) -> str:
    """The sum of prices in cents, such as ``1,234.50 EUR``."""
    return f"{intcomma(sum(prices) / 100, 2)} EUR"
