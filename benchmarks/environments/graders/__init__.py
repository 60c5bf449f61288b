"""Auditing anybody's grader: a corpus of lazy, hedging and hostile answers, and a card of what they earn."""
