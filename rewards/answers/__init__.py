"""How any reward reads a completion."""
