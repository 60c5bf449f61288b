"""The process that runs the trusted tests and gives the verdict."""
