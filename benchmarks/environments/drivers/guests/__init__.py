"""What runs in a foreign package's own interpreter: the standard library and that package, nothing of ours.

Each file defines METHODS, name → function of JSON values; `loop` serves them. They are started by path, never imported.
"""
