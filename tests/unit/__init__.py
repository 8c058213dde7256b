"""Tests of one module each, without network, engine or Poetry."""
