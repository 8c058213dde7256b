"""Lock versions before 2.1, which do not say who needs what. Pure."""
