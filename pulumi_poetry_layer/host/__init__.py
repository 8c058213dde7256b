"""This machine: files, programs and the cache."""
