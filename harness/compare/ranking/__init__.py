"""Models against each other from votes and from their runs."""
