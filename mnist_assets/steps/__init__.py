"""Pure steps: NumPy, pandas and Keras code that knows nothing of Dagster.

One module a stage. A step takes values and tunables and returns values; it neither reads settings
nor draws (that is `figures/`) nor stores anything.
"""
