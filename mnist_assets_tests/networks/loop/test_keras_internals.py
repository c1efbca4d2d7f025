import inspect


def test_batch_normalisation_takes_its_moments_from_where_they_are_replaced():
    import keras

    moments = getattr(keras.layers.BatchNormalization, "_moments", None)
    parameters = list(inspect.signature(moments).parameters) if moments else None
    assert parameters == ["self", "inputs", "mask"], (
        f"Keras {keras.__version__} moved BatchNormalization._moments, which "
        "mnist_assets/networks/loop/keras_internals.py replaces"
    )
