"""Rows that a model writes: prompts sampled, and the model's own answers replayed."""
