"""Scripts that run in foreign interpreters, beside a package of theirs."""
