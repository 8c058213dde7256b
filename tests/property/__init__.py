"""Tests of properties that must be true for all inputs, with Hypothesis."""
