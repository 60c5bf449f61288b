"""One process among others: which it is, what it shows, and what it must take back."""
