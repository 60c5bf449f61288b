"""The engine: what is asked of a model, one by one, and what comes back, written and scored while the rest generates."""
