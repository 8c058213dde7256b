"""Tests of ``pulumi_poetry_layer.plugin``: over gRPC, with an engine that only records what it is asked."""
