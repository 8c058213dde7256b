"""Package indexes: which ones, who the user is to them, and the client."""
