"""pyproject.toml and poetry.lock, as Poetry reads them. Pure."""
