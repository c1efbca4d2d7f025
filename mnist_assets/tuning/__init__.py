"""Tuning: what is each choice of a network's training worth? Made on request.

Reads the training part of the dataset, and `tuning.yaml`. Makes, for each sweep declared there,
`tuning/<sweep>_runs`, a row an epoch of each training, and `tuning/<sweep>`, what came of each
value tried; and `tuning/overview`, all of them side by side. Nothing here sees the test part.
"""
