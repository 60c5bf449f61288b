"""The words an answer is made of: cues, doubts and denials in every language, and the words of mathematics."""
