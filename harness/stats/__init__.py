"""Statistics of paired comparisons: pure functions on arrays, each with its formula and source."""
