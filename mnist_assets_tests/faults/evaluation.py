"""Faults in the evaluation: in predicting, in counting, in comparing."""

import numpy as np

from mnist_assets.evaluation import comparison, metrics, predictions, scores
from mnist_assets_tests.faults.fault import Fault, around, in_function

# --- prediction ---


def fed(change):
    """Prediction of pixels that were changed on their way into the network."""

    def put(project, patch):
        with np.load(project.path("preparation/normalization", "npz")) as fitted:
            mean, std = fitted["mean"][..., None], fitted["std"][..., None]

        def changed(predict, model, images, batch_size):
            return predict(
                lambda batch, training: model(change(batch, mean, std), training=training),
                images,
                batch_size,
            )

        around(patch, predictions, "predict", changed)
        return project

    return put


def without_softmax(predict, model, images, batch_size):
    import keras

    model.layers[-1].activation = keras.activations.linear
    return predict(model, images, batch_size)


def as_in_training(predict, model, images, batch_size):
    return predict(lambda batch, training: model(batch, training=True), images, batch_size)


def backwards(predict, *args):
    return predict(*args)[::-1]


PREDICT = "evaluation/predictions.py, predict"
PREDICTIONS = 'key:"evaluation/small_predictions"'
BY_HAND = "evaluation/small_predictions:as_by_hand"

IN_PREDICTION = [
    Fault(
        "softmax left out",
        PREDICT,
        in_function(predictions, "predict", without_softmax),
        PREDICTIONS,
        "evaluation/small_predictions:validation_probabilities",
    ),
    Fault(
        "normalisation applied twice at prediction",
        PREDICT,
        fed(lambda batch, mean, std: (batch - mean) / std),
        PREDICTIONS,
        BY_HAND,
    ),
    Fault(
        "normalisation not applied at prediction",
        PREDICT,
        fed(lambda batch, mean, std: batch * std + mean),
        PREDICTIONS,
        BY_HAND,
    ),
    Fault(
        "pixels scaled to 0-1 at prediction",
        PREDICT,
        fed(lambda batch, mean, std: batch / 255),
        PREDICTIONS,
        BY_HAND,
    ),
    Fault(
        "images transposed at prediction",
        PREDICT,
        fed(lambda batch, mean, std: batch.transpose(0, 2, 1, 3)),
        PREDICTIONS,
        BY_HAND,
    ),
    Fault(
        "batch normalisation as in training, at prediction",
        PREDICT,
        in_function(predictions, "predict", as_in_training),
        'key:"evaluation/normalised_predictions"',
        "evaluation/normalised_predictions:as_by_hand",
    ),
    Fault(
        "predictions in another order than the images",
        PREDICT,
        in_function(predictions, "predict", backwards),
        PREDICTIONS,
        BY_HAND,
    ),
]

# --- evaluation ---


def with_odds_for_rate(evaluate, confusion):
    table = evaluate(confusion)
    odds = table["false_positives"] / table["true_negatives"]
    return table.assign(false_positive_rate=odds)


def with_precision_for_recall(evaluate, confusion):
    table = evaluate(confusion)
    return table.assign(precision=table["recall"], recall=table["precision"])


def against_sorted_labels(evaluate, *, validation, **others):
    return evaluate(validation=(validation[0], np.sort(validation[1])), **others)


def with_parts_exchanged(compare, rows):
    """The comparison, each part's accuracy, its bounds and loss under the other part's name."""
    columns = {
        f"{part}_{name}": f"{other}_{name}"
        for part, other in [("validation", "test"), ("test", "validation")]
        for name in ("accuracy", "low", "high", "loss")
    }
    return compare([row | {name: row[of] for name, of in columns.items()} for row in rows])


EVALUATION = 'key:"evaluation/small"'
COUNTED_INDEPENDENTLY = "evaluation/small:as_recounted"

IN_EVALUATION = [
    Fault(
        "FP / TN for the false-positive rate (as in the notebook)",
        "evaluation/metrics.py, one_versus_rest",
        in_function(metrics, "one_versus_rest", with_odds_for_rate),
        EVALUATION,
        COUNTED_INDEPENDENTLY,
    ),
    Fault(
        "precision and recall exchanged",
        "evaluation/metrics.py, one_versus_rest",
        in_function(metrics, "one_versus_rest", with_precision_for_recall),
        EVALUATION,
        COUNTED_INDEPENDENTLY,
    ),
    Fault(
        "the confusion matrix transposed",
        "evaluation/metrics.py, confusion_matrix",
        in_function(metrics, "confusion_matrix", lambda count, *args: count(*args).T),
        EVALUATION,
        "evaluation/small:validation_confusion_matrix",
    ),
    Fault(
        "predictions compared with labels in another order",
        "evaluation/scores.py, evaluate",
        in_function(scores, "evaluate", against_sorted_labels),
        EVALUATION,
        COUNTED_INDEPENDENTLY,
    ),
    Fault(
        "validation and test accuracy exchanged in the comparison",
        "evaluation/comparison.py, compare_networks",
        in_function(comparison, "compare_networks", with_parts_exchanged),
        'key:"evaluation/comparison"',
        "evaluation/comparison:as_evaluated",
    ),
    Fault(
        "the wrong network called the best (as in the notebook)",
        "evaluation/comparison.py, best_network",
        in_function(comparison, "best_network", lambda best, table: table["network"].iloc[0]),
        'key:"evaluation/comparison"',
        "evaluation/comparison:as_evaluated",
    ),
]
