"""What a user asks for, from the request to the zip."""
