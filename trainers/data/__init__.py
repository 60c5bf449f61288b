"""Training rows: where they come from, which shapes trainers read, what is wrong with them."""
