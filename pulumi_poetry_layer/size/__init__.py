"""Limits of Lambda, and how large a layer will be."""
