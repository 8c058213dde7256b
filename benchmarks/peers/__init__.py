"""The tools that people use now to make a layer, each with the settings that its documentation gives.

Modules: ``peer`` (what a peer is), ``installation`` (virtual environments, npm, git), ``ours`` (this package),
``pip_and_uv``, ``serverless``, ``terraform``, ``sam``, ``cdk``, ``lambda_build``, ``artifact_builder``.
"""
