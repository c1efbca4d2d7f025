"""What is in deploy/, without a container: each file against what reads it."""
