"""What a process gives up before it runs anything, and the cleaning of what it leaves."""
