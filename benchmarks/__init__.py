"""Benchmarks: one file each; what runs them is in the packages below."""
