"""Describes what changes between two layers, and why. Pure.

- ``changes``: the one line about a layer that a preview shows.
- ``comparison``: two planned layers and their lock files → every change with its reason.
- ``reasons``: why a locked package is not in a layer, and what requests a package that is.

May import ``plan``, ``poetry``, ``errors``, ``masking`` and ``names`` only.
"""
