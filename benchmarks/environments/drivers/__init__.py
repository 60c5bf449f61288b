"""Foreign packages behind the same two protocols, each in a process of its own."""
