"""MNIST from raw files to evaluated networks, as a graph of Dagster assets.

One folder a stage; `definitions.py` is the table of contents.
"""
