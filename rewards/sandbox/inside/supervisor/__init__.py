"""One sandbox's first process: it takes jobs, has processes forked for them, and cleans up after each."""
