"""What is kept while a measurement runs: answers, refusals, drafts, progress."""
