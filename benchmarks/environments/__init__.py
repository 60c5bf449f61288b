"""One file per environment: what an episode is played in."""
