import numpy as np
import pytest

from mnist_assets.quality.mistakes import most_confident_mistakes

PROBABILITIES = np.array(
    [[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.1, 0.0, 0.9], [0.3, 0.3, 0.4], [0.05, 0.9, 0.05]],
    np.float32,
)


def test_the_most_confident_mistakes_come_first():
    listed = most_confident_mistakes(PROBABILITIES, np.array([1, 1, 0, 0, 1], np.uint8), 30, {2})
    assert listed["index"].to_list() == [0, 2, 3]  # equally confident ones in their order
    assert listed["true"].to_list() == [1, 0, 0]
    assert listed["predicted"].to_list() == [0, 2, 2]
    assert listed["confidence"].to_list() == pytest.approx([0.9, 0.9, 0.4])
    assert listed["true_probability"].to_list() == pytest.approx([0.1, 0.1, 0.3])
    assert listed["wrong_label"].to_list() == [False, True, False]


def test_no_more_are_listed_than_asked_for():
    labels = np.array([1, 1, 0, 0, 1], np.uint8)
    assert most_confident_mistakes(PROBABILITIES, labels, 2)["index"].to_list() == [0, 2]


def test_a_network_without_mistakes_has_an_empty_list():
    listed = most_confident_mistakes(
        PROBABILITIES, PROBABILITIES.argmax(axis=1).astype(np.uint8), 5
    )
    assert listed.empty
    assert list(listed)[:3] == ["index", "true", "predicted"]
