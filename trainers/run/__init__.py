"""One training from settings to report: measure, train, measure, compare."""
