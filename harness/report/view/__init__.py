"""All runs of a folder on one page: list, filters, trends, side by side of any two."""
