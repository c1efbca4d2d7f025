"""Claims about networks and the confusion matrix, held against what can be counted by hand."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mnist_assets.claims import networks
from mnist_assets.claims.graph import NotCheckable
from mnist_assets.claims.notebook import BEST, GIVEN, SIMPLEST
from mnist_assets.claims.rules import Share
from mnist_assets.claims.sections import confusion_matrix, interpretation, tuning
from mnist_assets_tests.claims.small import IMAGES, LABELS, first, last, network, seen

RIGHT = np.eye(2, dtype=np.float32)[LABELS]
HISTORY = {
    "epoch": [1, 2, 3],
    "loss": [0.9, 0.5, 0.1],
    "accuracy": [0.5, 0.75, 1.0],
    "val_loss": [0.8, 0.6, 0.4],
    "val_accuracy": [0.5, 0.75, 0.75],
    "seconds": [9.0, 1.0, 1.0],
}


def found(evidence):
    (compared,) = evidence
    return compared.value


# Networks here


@pytest.fixture(scope="module")
def graph():
    predictions = {"validation": RIGHT[4:] * 0.98 + 0.01, "test": RIGHT}
    made = {name: network(name, predictions, **HISTORY) for name in ("given", "simplest", "best")}
    made["simplest"] = replace(
        made["simplest"], history=pd.DataFrame(HISTORY | {"seconds": [9.0, 2.5, 2.0]})
    )
    return seen(train=[0, 1, 2, 3], networks=made)


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("given-epochs-in-code", 3),
        ("converges", 0),
        ("validation-scores-better", [False, False]),
        ("gap-pretty-small", 0.25),
        ("given-validation-accuracy", Share(4, 4)),
        ("given-first-validation-accuracy", Share(2, 4)),
        ("given-training-accuracy", Share(4, 4)),
        ("approximately-96", 1),
        ("matrix-of-all-validation-images", 4),
        ("two-dense-layers", [128, 2]),
        ("given-layers", [[4, 0], [128, 640], [2, 258]]),
        ("given-totals", [898, 898, 0]),
        ("too-many-parameters", 898),
        ("best-totals", [44354, 43458, 896]),
        ("small-batch-needs-less-memory", 32),
        ("smaller-batch-trains-faster", 2.5),
        ("small-batches-train-faster", False),
        ("more-layers-lose-performance", 0),
        ("precision-varies-by-3", 1),  # class 0 is never there, class 1 always right
        ("one-most-precise", 1),
        ("nine-least-precise", 0),
        ("lowest-f1-096", [0, 1]),
    ],
)
def test_networks_here(graph, claim, value):
    assert last(claim, graph).value == value


def test_figures_of_networks_here_that_are_rounded(graph):
    probabilities = last("probabilities-sum-to-1", graph)
    assert probabilities.value == pytest.approx([2, 1, 1])
    assert probabilities.detail == "over 12 images"
    loss = last("given-validation-loss", graph).value
    assert (loss.mean, loss.size) == (pytest.approx(-math.log(0.99)), 4)
    assert loss.std == pytest.approx(0, abs=1e-6)
    # 13 neurons on 4 pixels, 128 on those, 2 on those: 65 + 1792 + 258, against 898
    assert last("tenth-of-the-parameters", graph).value == pytest.approx(2115 / 898)
    assert last("performance-improvement", graph).value == pytest.approx(2115 / 898)
    assert found(networks.accuracy_after(2, "given", graph)) == Share(3, 4)
    told = last("gap-pretty-small", graph).detail
    assert told.endswith("validation loss is 4.0 times the training loss")
    wrong = last("misclassification-order", graph).detail
    assert wrong.endswith("0.0000 of all images are wrong")
    assert "batches of 32: 625" in last("small-batches-train-faster", graph).text


def test_the_histories_may_tell_loss_and_accuracy_apart(graph):
    assert last("loss-measures-accuracy", graph).value == pytest.approx([-0.866] * 3, abs=1e-3)
    against = {
        name: replace(of, history=of.history.assign(val_loss=[1.0, 2.0, 3.0]))
        for name, of in graph.networks.items()
    }
    told = last("loss-measures-accuracy", replace(graph, networks=against))
    assert min(told.value) > 0.8


def test_what_is_better_settled_rising_or_apart():
    line = {"loss": 0.5, "val_loss": 0.4, "accuracy": 0.75, "val_accuracy": 0.875}
    assert tuning._better(line)[0] == [True, True]
    assert tuning._better(line | {"val_loss": 0.5, "val_accuracy": 0.75})[0] == [False, False]
    gap, *_, detail = tuning._gap(line)
    assert gap == -0.125
    assert "0.8 times" in detail
    assert "inf times" in tuning._gap(line | {"loss": 0.0})[-1]
    assert tuning._settled([0.5, 0.7, 0.8])[0] == pytest.approx(0.5)
    assert tuning._settled([0.5, 0.5, 0.8])[0] == math.inf
    assert networks.rise({32: 1.0, 256: 3.0, 128: 2.0})[0]
    assert not networks.rise({32: 3.0, 256: 1.0, 128: 2.0})[0]
    assert not networks.rise({32: 1.0, 256: 2.0, 128: 2.0})[0]
    lost, _, text, detail = tuning._losses_by_depth([(0.9, 0.7), (0.8, 0.75)])
    assert lost == pytest.approx(0.15)
    assert text == "0.2000 against 0.0500"
    assert "−0.0500" in detail  # noqa: RUF001 - as it is written for a person


def compared(**accuracies):
    table = {"network": ["given", "mine"], "parameters": [100, 50], **accuracies}
    given = network("given", {"validation": RIGHT[4:], "test": RIGHT})
    return seen(networks={"given": given}, comparison=pd.DataFrame(table))


def test_the_lead():
    graph = compared(validation_accuracy=[0.96, 0.94], test_accuracy=[0.5, 0.75])
    with pytest.raises(NotCheckable, match="given is the notebook's only network here"):
        networks.lead(graph, "given", "test")
    both = graph.comparison.replace("mine", "best")
    lead = networks.lead(replace(graph, comparison=both), "given", "test")
    assert lead.value == (Share(4, 8), Share(6, 8))
    assert lead.text.endswith("best has 0.7500 (6 of 8)")


@pytest.mark.parametrize(
    ("accuracies", "fewest"),
    [([0.96, 0.95], 100), ([0.96, 0.951], 50), ([0.95, 0.95], None)],
)
def test_the_fewest_parameters_above_95_percent(accuracies, fewest):
    assert last("simplest-over-95", compared(validation_accuracy=accuracies)).value == fewest


# The notebook's code and logs


def test_copied_epochs_are_seen_and_left_out(with_logs):
    assert first("simplest-log-from-epoch-9").text == "5 of 13 epochs: 9, 10, 11, 12, 13"
    with_logs(SIMPLEST=[(0.4, 0.8, 0.5, 0.7), (0.3, 0.85, 0.3, 0.85), (0.2, 0.9, 0.2, 0.8)])
    copied = first("simplest-log-from-epoch-9")
    assert (copied.value, copied.text) == (1, "1 of 3 epochs: 2")
    assert first("simplest-validation-accuracy").value == 0.8
    assert first("simplest-epochs-in-code").value == 3
    assert "0.8000 instead of 0.9667" in first("performance-improvement").detail
    with_logs(SIMPLEST=[(0.4, 0.8, 0.5, 0.7), (0.3, 0.85, 0.35, 0.85)])
    none = first("simplest-log-from-epoch-9")
    assert (none.value, none.text) == (0, "0 of 2 epochs")


@pytest.mark.parametrize(("accuracy", "reached"), [(0.9451, 0.95), (0.9449, 0.94), (0.97, 0.97)])
def test_whole_percent_are_reached(with_logs, accuracy, reached):
    with_logs(SIMPLEST=[(0.4, 0.8, 0.5, 0.7), (0.3, 0.85, 0.4, accuracy)])
    assert first("reaches-95").value == reached


def test_loss_against_accuracy(with_logs):
    apart = [(0, 0, 0.5, 0.7), (0, 0, 0.4, 0.8), (0, 0, 0.3, 0.9)]
    together = [(0, 0, 0.3, 0.7), (0, 0, 0.4, 0.8), (0, 0, 0.5, 0.9)]
    half = [(0, 0, 0.5, 0.7), (0, 0, 0.3, 0.8), (0, 0, 0.4, 0.9)]
    with_logs(GIVEN=apart, SIMPLEST=together, BEST=half)
    assert first("loss-measures-accuracy").value == pytest.approx([-1, 1, -0.5])


def test_the_highest_in_the_logs(with_logs):
    assert first("best-model").value == "higher"
    with_logs(BEST=[(0.4, 0.8, 0.5, 0.7), (0.3, 0.85, 0.35, 0.9667)])  # as high as that of given
    assert first("best-model").value == "lower"


def test_what_depth_loses(with_logs):
    assert first("more-layers-lose-performance").value == pytest.approx(0.0253 - 0.0155)
    with_logs(BEST=[(0.4, 0.8, 0.5, 0.7), (0.3, 0.97, 0.35, 0.97001)])
    assert first("more-layers-lose-performance").value < 0


def test_parameters_are_summed_from_the_printed_layers(printed):
    assert networks.summed(BEST) == [244554, 243658, 896]
    one_more = replace(GIVEN, summary=[[784, 0], [128, 100481], [10, 1290]])
    printed(GIVEN=one_more, SIMPLEST=replace(SIMPLEST, totals=[10177, 10000, 177]))
    assert first("given-totals").value == [101771, 101771, 0]
    assert first("two-dense-layers").value == [128, 10]
    assert first("tenth-of-the-parameters").value == 0.1
    assert first("performance-improvement").value == 0.1
    # Four times the width before is batch normalisation only if the width stays.
    wider = replace(BEST, summary=[[3, 0], [4, 12], [4, 16]])
    assert networks.summed(wider) == [28, 20, 8]


def test_the_code_is_read(printed):
    added = first("fewer-neurons")
    assert added.value == [13]
    assert "13 + 128 = 141 neurons, those of the given network 128" in added.detail
    assert first("adam-in-each-model").value == ["adam", "adam"]
    assert first("lower-learning-rate").value == 0.00045
    with pytest.raises(NotCheckable, match=r"\(0\.00045, 0\.00035\)"):
        first("no-manual-learning-rate")
    assert first("smaller-batch-more-updates").value
    assert first("update-for-each-example").value == 1
    assert first("update-for-each-example").detail.endswith("by batches of 128, 422 times an epoch")
    assert networks.updates(32) == 1688  # 54,000 / 32 is 1,687.5
    assert first("smaller-batch-trains-faster").value == 5
    assert not first("small-batches-train-faster").value
    wide = replace(SIMPLEST, layers=(*GIVEN.layers, *GIVEN.layers))
    printed(SIMPLEST=wide)
    assert first("fewer-neurons").value == [128]


def test_cross_entropy():
    assert first("perfect-model-has-no-loss").value == 0
    steep = first("loss-rises-as-probability-falls")
    assert steep.value == pytest.approx(math.log(2) / math.log(9 / 8))


# The notebook's confusion matrix

MATRIX = [[8, 2], [1, 9]]  # precision 8/9 and 9/11, recall 0.8 and 0.9


def test_figures_are_recomputed_from_the_matrix(printed):
    printed(CONFUSION_MATRIX=MATRIX)
    figures = confusion_matrix.digits_by_figure()
    by_hand = {
        "precision": [8 / 9, 9 / 11],
        "recall": [0.8, 0.9],
        "f1": [16 / 19, 18 / 21],
        "support": [10, 10],
        "true_positives": [8, 9],
        "false_positives": [1, 2],
        "false_negatives": [2, 1],
        "true_negatives": [9, 8],
        "accuracy": [0.85, 0.85],
        "misclassification_rate": [0.15, 0.15],
        "specificity": [0.9, 0.8],
    }
    assert {name: of.tolist() for name, of in figures.items()} == {
        name: pytest.approx(of) for name, of in by_hand.items()
    }
    assert first("report-recall").value == pytest.approx(by_hand["recall"])
    assert first("printed-false-positives").value == by_hand["false_positives"]
    right = first("accuracy-is-share-correct")
    assert (right.value, right.text) == (0.85, "0.85000 (17 of 20)")
    assert first("matrix-of-all-validation-images").value == 20
    assert first("test-for-final-evaluation").value == 20
    average = first("report-average").value
    assert average == pytest.approx([(8 / 9 + 9 / 11) / 2, 0.85, (16 / 19 + 18 / 21) / 2, 20])
    assert first("highest-precision").value == [0, pytest.approx(8 / 9)]
    assert first("lowest-precision").value == [1, pytest.approx(9 / 11)]
    assert first("one-most-precise").value == 0
    assert first("nine-least-precise").value == 1
    assert first("precision-difference").value == pytest.approx(8 / 9 - 9 / 11)
    assert first("lowest-f1-096").value == pytest.approx(16 / 19)
    assert first("f1-is-harmonic-mean").value < 1e-12


def test_a_class_never_predicted_has_no_precision(printed):
    printed(CONFUSION_MATRIX=[[0, 2], [0, 8]])
    assert confusion_matrix.digits_by_figure()["precision"].tolist() == [0, 0.8]


def test_the_totals_are_the_column_sums(printed):
    printed(CONFUSION_MATRIX=MATRIX)
    measured = first("totals-estimated")
    assert measured.value == [9, 11]
    assert "gives the row sums" in measured.detail


@pytest.mark.parametrize(
    ("wrong", "apart"), [([1, 0], pytest.approx((1 / 9 - 1 / 10) / (1 / 10))), ([0, 0], 0)]
)
def test_odds_are_rates_only_where_nothing_is_wrong(printed, wrong, apart):
    printed(COUNTS={"false_positives": wrong, "true_negatives": [9, 10]})
    assert first("false-positive-rate").value == apart
    printed(COUNTS={"false_negatives": wrong, "true_positives": [9, 10]})
    assert first("false-negative-rate").value == apart


def test_confusions_count_either_way():
    matrix = np.array([[9, 0, 3], [2, 9, 2], [0, 1, 9]])
    assert interpretation.most_confused(matrix, digit=2, count=1) == ([0], "0 (3 times)")
    assert interpretation.most_confused(matrix, digit=1, count=2)[0] == [0, 2]


@pytest.mark.parametrize(
    ("rates", "order"), [([0.01, 0.03], -2), ([0.001, 0.003], -3), ([0.0, 0.0], 0)]
)
def test_the_order_of_magnitude(printed, rates, order):
    printed(RATIOS={"misclassification_rate": rates}, CONFUSION_MATRIX=MATRIX)
    measured = first("misclassification-order")
    assert measured.value == order
    assert measured.detail.endswith("0.1500 of all images are wrong")


def test_printed_ratios(printed):
    printed(RATIOS={"specificity": [0.99, 1.0], "accuracy": [0.98, 0.99]})
    measured = first("specificity-and-accuracy-099")
    assert measured.value == [[0.99, 1.0], [0.98, 0.99]]
    assert measured.text == "specificity 0.9900 to 1.0000, accuracy 0.9800 to 0.9900"
    assert "an accuracy of 0.50" in measured.detail


def test_the_least_varied_digit():
    assert last("one-varies-least", seen()).value == 1
    assert last("one-varies-least", seen(labels=1 - LABELS)).value == 0
    # Three images 50 from their average's last pixel and one 150; 0, 50, 100 and 150 from theirs.
    spread = last("one-varies-least", seen()).detail
    assert "its images are 87 from their average" in spread
    assert "those of the others 94 to 94" in spread
    assert len(IMAGES) == 8
