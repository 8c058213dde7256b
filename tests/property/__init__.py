"""Tests of what must hold for all inputs, found by hypothesis."""
