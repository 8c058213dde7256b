"""Tests of ``tools``: the setup, the demo and the release."""
