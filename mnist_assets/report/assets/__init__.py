"""The assets of the stage: the page, and the network in it."""
