"""Study: how far do a network's figures vary by chance? Made on request.

Reads the dataset and the split. Makes `study/<name>`, a row a training, and `study/comparison`.
"""
