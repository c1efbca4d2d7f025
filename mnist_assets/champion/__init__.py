"""Champion: which network serves, and has another one earned its place?

Reads predictions on the validation images alone. Makes `champion/decision`, `…/model`, whose file
is beside it, `…/quality` and `…/training_log`.
"""
