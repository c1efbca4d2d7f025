import numpy as np
import pytest

from mnist_assets.networks.loop.padding import only_in_use, pad_batches


@pytest.mark.parametrize(
    ("order", "images", "filled"),
    [
        ([3, 0, 1, 2], 4, [3, 0, 1, 2]),
        ([3, 0, 4, 1, 2], 5, [3, 0, 4, 1, 2, 2]),
        ([3, 0, 1], 5, [3, 0, 1, 1, 1, 1]),  # the last chunk of an epoch
    ],
)
def test_an_order_is_filled_up_with_its_last_image_to_a_length_the_chunk_decides(
    order, images, filled
):
    assert pad_batches(np.array(order, np.int32), images, 2).tolist() == filled


@pytest.mark.parametrize("flat", [True, False])
def test_what_fills_a_batch_leaves_no_trace_in_batch_normalisation(flat):
    import keras

    def build():
        flatten = [keras.layers.Flatten()] if flat else []
        layers = [keras.Input((2, 2, 1)), *flatten, keras.layers.BatchNormalization()]
        return keras.Sequential(layers)

    rows = np.random.default_rng(0).normal(size=(3, 2, 2, 1)).astype(np.float32)
    filled = np.concatenate([rows, 1000 * np.ones((2, 2, 2, 1), np.float32)])
    plain, masked = build(), build()
    expected = plain(rows, training=True)
    with only_in_use(masked, np.arange(5) < 3):
        seen = masked(filled, training=True)
    np.testing.assert_allclose(seen[:3], expected, rtol=1e-5, atol=1e-6)
    for mine, reference in zip(masked.weights, plain.weights, strict=True):
        np.testing.assert_allclose(mine.numpy(), reference.numpy(), rtol=1e-6)
