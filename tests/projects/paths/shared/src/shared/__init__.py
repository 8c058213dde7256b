"""A library beside the service."""
