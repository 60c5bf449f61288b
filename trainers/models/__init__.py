"""The model of a run: loaded, adapted, merged, saved, and its card."""
