"""Where texts come from: models in memory, lm-eval's backends, servers."""
