"""Tests that may be looked at while items come in: e-processes, planned looks, a benchmark's stop."""
