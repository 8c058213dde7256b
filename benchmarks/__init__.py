"""Benchmarks: how long it takes to make a layer, compared with other tools. ``make bench`` runs them.

``comparison`` compares with the tools in ``peers/``; the other programs measure this package.
"""
