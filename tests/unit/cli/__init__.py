"""Tests of ``pulumi_poetry_layer.cli``."""
