"""Whether two trees have the same value."""
