import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_assets.evaluation.scores import evaluate, evaluate_part

# Five images of three classes; the second and the last are misread.
PROBABILITIES = np.array(
    [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.75, 0.25, 0], [0, 1, 0], [0.25, 0.25, 0.5]],
    dtype=np.float32,
)
LABELS = np.array([0, 0, 0, 1, 1], dtype=np.uint8)
CONFUSION = [[2, 1, 0], [0, 1, 1], [0, 0, 0]]


def test_evaluation_by_hand():
    part = evaluate_part(PROBABILITIES, LABELS, 3)
    assert part["images"] == 5
    assert part["correct"] == 3
    assert part["accuracy"] == 0.6
    assert part["accuracy_interval"] == pytest.approx(
        {"low": 0.230724, "high": 0.882379, "confidence": 0.95}, abs=1e-6
    )
    # Of the true classes: 1/2, 1/4, 3/4, 1 (clipped to 1 - 1e-7), 1/4.
    assert part["loss"] == pytest.approx((math.log(2 * 4 * 4 / 3 * 4) + 1e-7) / 5, rel=1e-8)
    assert part["confusion_matrix"] == CONFUSION
    assert part["true_totals"] == [3, 2, 0]
    assert part["predicted_totals"] == [2, 2, 1]
    assert part["commonest_confusion"] == {"true": 0, "predicted": 1, "count": 1}
    assert part["classification_report"]["accuracy"] == 0.6
    assert [row["f1"] for row in part["per_class"]] == [0.8, 0.5, 0]
    assert part["highest_precision"] == {"class": 0, "precision": 1.0}
    assert part["lowest_precision"] == {"class": 2, "precision": 0.0}
    assert part["precision_difference"] == 1.0


def test_notebook_precision_extremes_as_it_prints_them():
    from mnist_assets_tests.evaluation.test_metrics import NOTEBOOK_MATRIX

    true, predicted = np.divmod(np.repeat(np.arange(100), np.ravel(NOTEBOOK_MATRIX)), 10)
    part = evaluate_part(np.eye(10, dtype=np.float32)[predicted], true.astype(np.uint8), 10)
    highest, lowest = part["highest_precision"], part["lowest_precision"]
    printed = (
        "Highest precision digit {:d}: {:f}".format(*highest.values()),
        "Lowest precision digit {:d}: {:f}".format(*lowest.values()),
        f"Difference: {part['precision_difference']:f}",
    )
    assert printed == (
        "Highest precision digit 0: 0.986820",
        "Lowest precision digit 8: 0.955707",
        "Difference: 0.031113",
    )
    # It calls these "estimated by the model"; they are the true totals.
    assert part["true_totals"] == [607, 668, 578, 616, 580, 550, 622, 613, 572, 594]
    assert part["predicted_totals"] == [607, 670, 578, 603, 579, 543, 625, 616, 587, 592]
    assert round(part["accuracy"], 4) == 0.9732


def test_evaluation_of_both_parts_is_plain_json():
    both = evaluate(
        validation=(PROBABILITIES, LABELS), test=(PROBABILITIES[:3], LABELS[:3]), classes=3
    )
    assert json.loads(json.dumps(both, allow_nan=False)) == both
    assert list(both) == ["validation", "test"]
    assert both["validation"] == evaluate_part(PROBABILITIES, LABELS, 3)
    assert both["test"] == evaluate_part(PROBABILITIES[:3], LABELS[:3], 3)


def test_confidence_widens_the_interval():
    narrow, wide = (
        evaluate_part(PROBABILITIES, LABELS, 3, confidence)["accuracy_interval"]
        for confidence in (0.5, 0.99)
    )
    assert wide["low"] < narrow["low"] < narrow["high"] < wide["high"]


def test_a_certain_mistake_has_the_loss_that_clipping_gives_it():
    part = evaluate_part(np.array([[1, 0]], dtype=np.float32), np.array([1], dtype=np.uint8), 2)
    assert part["loss"] == pytest.approx(-math.log(1e-7))


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(2, 6))
def test_loss_is_the_mean_of_each_images_own(seed, images, classes):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(0.1 * np.ones(classes), images).astype(np.float32)
    labels = rng.integers(0, classes, images).astype(np.uint8)
    of_true_class = [float(row[label]) for row, label in zip(probabilities, labels, strict=True)]
    losses = [-math.log(min(max(share, 1e-7), 1 - 1e-7)) for share in of_true_class]
    expected = math.fsum(losses) / images
    assert evaluate_part(probabilities, labels, classes)["loss"] == pytest.approx(expected)
