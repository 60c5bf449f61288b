"""The guard: other skills looked at while training goes on."""
