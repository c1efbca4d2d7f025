"""Export: a trained network as a file that other software runs, and what there is to know of it.

Every file takes pixels as they are, uint8 (n, height, width), and gives probabilities, float32
(n, classes): casting and normalising are inside.
"""
