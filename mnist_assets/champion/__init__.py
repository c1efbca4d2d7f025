"""Champion: which network serves, and has another one earned its place?

The decision reads predictions on the validation images alone; quality and export read the test
part, too. Makes `champion/decision`, `…/model`, whose file is beside it, `…/quality`, `…/export`
and `…/training_log`.
"""
