"""The assets of the stage: those of each network, and all networks side by side."""
