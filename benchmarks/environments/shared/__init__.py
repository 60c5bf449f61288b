"""What environments share: tools from typed functions, users, databases copied on write."""
