"""What a training set holds, before it is trained on: its shape, its faults, and how much of a suite is in it."""
