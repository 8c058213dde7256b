"""A package and its part of the layer zip."""
