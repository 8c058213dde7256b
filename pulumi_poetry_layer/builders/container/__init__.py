"""The container builder."""
