"""End-to-end tests: the real engine against a local AWS."""
