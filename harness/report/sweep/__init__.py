"""Several trainings side by side: points, frontier, curves."""
