"""Benchmarks: how long it takes to make a layer, compared with other tools. ``make bench`` runs them."""
