"""From paired columns to verdicts and a decision."""
