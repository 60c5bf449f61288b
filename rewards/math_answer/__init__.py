"""Are two answers in mathematics equal? Reading, comparing, and a worker for what needs sympy."""
