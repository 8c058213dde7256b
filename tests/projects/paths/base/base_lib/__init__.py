"""A library that the shared one needs."""
