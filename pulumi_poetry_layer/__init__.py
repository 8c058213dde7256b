"""Pulumi component that turns poetry.lock into a published AWS Lambda layer version."""
