"""Playing episodes: many at once, turn by turn, against any engine, with budgets, journaled and resumable."""
