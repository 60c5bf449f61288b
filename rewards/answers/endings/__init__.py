"""What ends an answer or takes it back: a next question, a courtesy, a denial behind it."""
