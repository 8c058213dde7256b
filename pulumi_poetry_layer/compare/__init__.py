"""What changes between two plans. Pure."""
