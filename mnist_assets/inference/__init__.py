"""Inference: which digits do new pictures show, and are they like those trained on?

Reads the inbox and the champion. Makes `inference/shapes`, `inference/reference`
and `inference/predictions`.
"""
