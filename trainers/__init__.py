"""Trainers: one declaration each; what runs them is in the packages below."""
