"""Tests of ``pulumi_poetry_layer.plan.old_locks``."""
