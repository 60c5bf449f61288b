"""The shapes that training rows come in, and how each becomes what a trainer reads."""
