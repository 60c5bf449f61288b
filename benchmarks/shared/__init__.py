"""What several benchmarks share: prompts, and the win rate that length does not buy."""
