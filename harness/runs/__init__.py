"""A run on disk: its rows, measurements and manifest, and the types of every file in it."""
