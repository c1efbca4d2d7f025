"""Evaluation: how right is each network on images that it was not trained on?

Reads the networks and both parts. Makes `evaluation/<name>_predictions`, `evaluation/<name>` and
`evaluation/comparison`.
"""
