"""Search: networks found by Optuna in a declared space, rather than thought of. Made on request.

Reads the training part of the dataset, and the searches of `tuning.yaml`. Trials are kept in a
database beside the run history; `tuning/search` shows them. Nothing here sees the test part.
"""
