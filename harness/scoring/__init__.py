"""Recorded outputs judged: files scored, rewards audited, graders compared, the pages of the rewards."""
