"""lm-eval's own tasks in our suites: its prompts and filters, our engine."""
