"""What lands in the layer. Pure."""
