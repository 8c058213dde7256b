"""Tests of ``pulumi_poetry_layer/builders/poetry``."""
