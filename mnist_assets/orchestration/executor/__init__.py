"""How a run's steps are run: in two processes side by side."""
