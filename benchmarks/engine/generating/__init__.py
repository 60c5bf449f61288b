"""What one generation is asked for: its arguments, and which items go together."""
