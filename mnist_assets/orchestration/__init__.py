"""What makes Dagster incremental and safe; it knows nothing of images or networks.

`stage.py` builds assets, `versions/` tells what their code and values are, `storage/` keeps values,
`incremental.py` finds what has to run, `executor/` runs it.
"""
