"""The assets of the stage: those of each network, and the label errors of the dataset."""
