"""Builds with a real Poetry, on this host or in a container."""
