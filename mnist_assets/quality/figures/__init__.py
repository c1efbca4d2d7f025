"""Pictures of what a network bears, and of digits that a person should look at."""
