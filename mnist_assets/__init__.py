"""MNIST from raw files to evaluated networks, as a Dagster asset graph.

Start with `definitions.py`, the table of contents. Each stage is one word in four places: the pure
step (`steps/`), the wiring (`assets/`), the asset-key prefix and the test file.
"""
