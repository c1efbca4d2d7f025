"""The compiled loop: the updates that `keras.Model.fit` would make, at the machine's speed.

`training_loop.py` makes them; `batches.py` feeds it, `augmentation.py` changes what it is fed,
`padding.py` makes all batches one size, `joined_weights.py` makes of many weights few,
`convolutions.py` has them computed as products, `compile_cache.py` keeps what was compiled.
"""
