"""Before a training: memory, time, and whether model, data and settings fit each other."""
