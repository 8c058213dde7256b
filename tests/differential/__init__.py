"""Tests that compare this package with Poetry's own code."""
