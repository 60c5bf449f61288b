"""Tool calls: read out of a completion, and judged by the rules of the Berkeley Function-Calling Leaderboard."""
