"""Numbers in one notation: digits of every script, digit groups, fractions, big units, numbers in words."""
