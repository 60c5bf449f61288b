"""What may take long is decided in processes with limits."""
