"""The process that runs the program nobody trusts."""
