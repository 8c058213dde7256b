"""Tests that compare this package's decisions with those of Poetry's own code."""
