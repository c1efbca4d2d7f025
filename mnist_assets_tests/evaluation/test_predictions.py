import numpy as np
import pytest

from mnist_assets.evaluation.predictions import Subset, count_near_ties, predict
from mnist_assets.evaluation.scores import evaluate_part
from mnist_assets_tests.evaluation.test_scores import PROBABILITIES


class Brightness:
    """Stands in for a network: says class 1 with the mean grey level's share of 255."""

    def __init__(self):
        self.calls = []

    def __call__(self, batch, training):
        self.calls.append((batch.shape, batch.dtype, training))
        lit = batch.mean(axis=(1, 2, 3)) / 255
        return np.stack([1 - lit, lit], axis=1)


def test_predict_calls_the_network_batch_by_batch_on_raw_grey_levels():
    images = np.stack([np.full((2, 3), level, dtype=np.uint8) for level in (0, 51, 255, 102, 204)])
    network = Brightness()
    probabilities = predict(network, images, batch_size=2)
    assert network.calls == [
        ((2, 2, 3, 1), np.float32, False),
        ((2, 2, 3, 1), np.float32, False),
        ((1, 2, 3, 1), np.float32, False),
    ]
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities[:, 1], [0, 0.2, 1, 0.4, 0.8], rtol=1e-6)


def test_predict_reads_a_memory_map_and_leaves_it_alone(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (7, 4, 3), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    np.testing.assert_array_equal(
        predict(Brightness(), mapped, 3), predict(Brightness(), images, 9)
    )
    np.testing.assert_array_equal(mapped, images)


def test_a_real_keras_network_gives_the_probabilities_and_the_loss_that_keras_does():
    import keras

    keras.utils.set_random_seed(3)
    network = keras.Sequential(
        [
            keras.Input((4, 3, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),  # which would show, were it called as in training
            keras.layers.Dense(4, activation="softmax"),
        ]
    )
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (11, 4, 3), dtype=np.uint8)
    labels = rng.integers(0, 4, 11).astype(np.uint8)
    probabilities = predict(network, images, batch_size=4)

    kernel, bias = (weights.numpy() for weights in network.layers[-1].weights)
    scores = images.reshape(11, -1) / 255 @ kernel + bias
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert type(probabilities) is np.ndarray
    np.testing.assert_allclose(probabilities, expected, rtol=1e-5)

    loss = keras.losses.CategoricalCrossentropy()(np.eye(4)[labels], probabilities)
    assert evaluate_part(probabilities, labels, 4)["loss"] == pytest.approx(float(loss), rel=1e-6)


def test_near_ties_are_counted_by_the_two_most_probable_classes():
    assert count_near_ties(PROBABILITIES, 0.3) == 3
    assert count_near_ties(PROBABILITIES, 0.25) == 0
    tie = np.array([[0.5, 0, 0.5], [0, 0, 1]], dtype=np.float32)
    assert count_near_ties(tie, 1e-6) == 1


def test_a_subset_reads_what_is_asked_for_and_no_more():
    read = []

    class Watched(np.ndarray):
        def __getitem__(self, which):
            read.append(which)
            return super().__getitem__(which)

    images = np.arange(5 * 2 * 3, dtype=np.uint8).reshape(5, 2, 3)
    indices = np.array([4, 0, 3, 3])
    subset = Subset(images.view(Watched), indices)
    assert (len(subset), subset.shape) == (4, (4, 2, 3))
    assert read == []
    assert subset[1:3].tolist() == images[[0, 3]].tolist()
    assert subset[np.array([3, 0])].tolist() == images[[3, 4]].tolist()
    assert [which.tolist() for which in read] == [[0, 3], [3, 4]]


def test_a_subset_is_predicted_as_the_images_are_that_it_stands_for():
    images = np.random.default_rng(0).integers(0, 256, (9, 2, 2), np.uint8)
    indices = np.array([8, 1, 2, 5, 0])

    def model(batch, training):
        assert batch.shape[0] <= 2
        return batch.reshape(len(batch), -1) / 1000

    expected = predict(model, images[indices], batch_size=2)
    assert (predict(model, Subset(images, indices), batch_size=2) == expected).all()
