"""What the project is measured with: `make bench`, or `python -m benchmarks` in the project's root.

Everything measured runs in a process of its own, in turns, and says how accurate it came out.
Nothing of the project imports this package. Training is compared in `training.py`, the whole graph
in `graph.py`, data larger than memory in `scale.py`.
"""
