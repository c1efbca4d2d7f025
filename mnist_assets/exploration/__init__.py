"""Exploration: what do the images and classes look like, before anything is trained?

Reads the four arrays. Makes the summary, averages, extremes and grey levels under `exploration/`.
"""
