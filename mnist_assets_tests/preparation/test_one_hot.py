import numpy as np
import pytest

from mnist_assets.preparation.one_hot import (
    check_one_hot,
    network_input,
    one_hot,
    one_hot_examples,
)


def test_one_hot_by_hand():
    encoded = one_hot(np.array([2, 0], np.uint8), 3)
    assert encoded.dtype == np.float32
    assert encoded.tolist() == [[0, 0, 1], [1, 0, 0]]


def test_check_one_hot_passes_the_encoding():
    labels = np.array([2, 0, 1, 1], np.uint8)
    finding = check_one_hot(one_hot(labels, 3), labels)
    assert finding.passed is True
    assert finding.seen["rows"] == 4
    assert finding.message == "All 4 labels are one-hot, and argmax gives them back."


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ([0, 1, 0], "labels_not_given_back"),
        ([0.5, 0, 0.5], "rows_not_one_hot"),
        ([1, 0, 1], "rows_not_summing_to_1"),
        ([0, 0, 0], "rows_not_summing_to_1"),
        ([1, -1, 0], "rows_not_one_hot"),
    ],
)
def test_check_one_hot_sees_a_row_that_is_not(row, fault):
    labels = np.array([2, 0], np.uint8)
    encoded = one_hot(labels, 3)
    encoded[0] = row
    finding = check_one_hot(encoded, labels)
    assert finding.passed is False
    assert finding.seen[fault] == 1


def test_one_hot_examples_are_the_first_labels():
    table = one_hot_examples(np.array([1, 0, 1], np.uint8), 2, count=2)
    assert list(table.columns) == ["image", "label", "class_0", "class_1"]
    assert table.to_numpy().tolist() == [[0, 1, 0, 1], [1, 0, 1, 0]]


def test_network_input_has_a_depth_of_one():
    images = np.random.default_rng(0).integers(0, 256, (5, 3, 4), np.uint8)
    tensor = network_input(images)
    assert tensor.dtype == np.float32
    assert tensor.shape == (5, 3, 4, 1)
    np.testing.assert_array_equal(tensor[..., 0], images)
