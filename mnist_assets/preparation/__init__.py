"""Preparation: which images train, which validate, and how are pixels normalised?

Reads the training part. Makes `preparation/split`, and `…/normalization` from its training images
alone, with an example of each.
"""
