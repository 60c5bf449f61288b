"""After a regression: find the step, the layers and the mixture that cure it."""
