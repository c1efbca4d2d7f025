"""Figures: numbers in, a matplotlib Figure out.

One module a stage, one style (`style.py`) for all. A figure computes nothing that a step should
compute, and stores nothing.
"""
