"""Hydra configuration: `pkg://holdfast.conf`."""
