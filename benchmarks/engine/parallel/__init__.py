"""Several processes, and models spread over them."""
