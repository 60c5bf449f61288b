"""What a comparison needs to decide, what that costs, and what to do next."""
