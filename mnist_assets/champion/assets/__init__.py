"""The assets of the stage: the decision, what is done about it, and what became of it."""
