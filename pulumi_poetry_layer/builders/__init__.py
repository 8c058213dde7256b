"""Builders: each turns a plan into the members of the layer.

- ``wheels``: :class:`WheelBuilder` puts the locked wheels into the layer. The default.
- ``local``: :class:`LocalBuilder` runs ``poetry install`` on this host.
- ``container``: :class:`ContainerBuilder` runs ``poetry install`` in a Docker container.
- ``poetry``: the steps that the last two share.

- ``builder``: what a builder is, and the files that it is given.
- ``compilation``: which packages the wheels builder refuses, because they must be compiled.
- ``registry``: makes a builder by its name.

The room may import ``wheels``, ``compare`` and the rooms below them.
"""
