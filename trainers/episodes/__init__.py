"""Training on environments: rows that carry an episode, the rollout that plays it, the rewards that it earned."""
