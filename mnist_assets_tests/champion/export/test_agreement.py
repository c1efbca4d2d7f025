"""How a file's answers are held against the network's, on a few hand-made probabilities."""

import numpy as np
import pytest

from mnist_assets.champion.export.agreement import check_same_answers, compare_answers

EXPECTED = np.array([[0.9, 0.1], [0.4, 0.6], [0.500004, 0.499996]], np.float32)
LABELS = np.array([0, 0, 1])


def test_what_is_the_same_is_said_to_be():
    agreement = compare_answers(EXPECTED, EXPECTED + np.float32(4e-6), LABELS)
    assert (agreement.images, agreement.correct, agreement.accuracy) == (3, 1, 1 / 3)
    assert agreement.other_class == agreement.near_ties == 0
    assert agreement.largest_difference == pytest.approx(4e-6, rel=0.02)
    assert check_same_answers(agreement).passed


def test_a_near_tie_may_be_decided_the_other_way():
    found = EXPECTED.copy()
    found[2] = 0.499999, 0.500001
    agreement = compare_answers(EXPECTED, found, LABELS)
    assert (agreement.other_class, agreement.near_ties, agreement.correct) == (1, 1, 2)
    assert check_same_answers(agreement).passed


def test_another_class_or_probability_is_seen():
    found = EXPECTED.copy()
    found[1] = 0.6, 0.4
    finding = check_same_answers(compare_answers(EXPECTED, found, LABELS))
    assert not finding.passed
    assert finding.seen["other_class"] == 1
    assert "otherwise than the network: another class in 1 of 3 test images" in finding.message
    nearly = compare_answers(EXPECTED, EXPECTED + np.float32(2e-5), LABELS)
    assert nearly.other_class == 0
    assert not check_same_answers(nearly).passed
