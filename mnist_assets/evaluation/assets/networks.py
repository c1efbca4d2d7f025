"""Evaluation: every network on images it was not trained on."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from mnist_assets.dataset.description import Description
from mnist_assets.dataset.loading import class_count
from mnist_assets.declarations.bounds import Evaluation
from mnist_assets.evaluation import checks, forward_pass, scores
from mnist_assets.evaluation import predictions as predicting
from mnist_assets.evaluation.independent_count import check_independent_count, count_independently
from mnist_assets.evaluation.metrics import render_report
from mnist_assets.networks.model import applied_normalization
from mnist_assets.orchestration.presentation import draw, table
from mnist_assets.orchestration.stage import Check, Stage, Stored, stored

STAGE = Stage("evaluation")

PARTS = ("validation", "test")
PROBABILITIES = {
    part: Check(
        f"{part}_probabilities", f"Finite, in [0, 1], each row summing to 1: the {part} images."
    )
    for part in PARTS
}
CONFUSION = {
    part: Check(
        f"{part}_confusion_matrix",
        f"Row sums are the true class counts, the total is the number of {part} images.",
    )
    for part in PARTS
}
SAME_NETWORK = Check(
    "accuracy_as_in_history",
    "The validation accuracy is the last val_accuracy of the network's history, to the image.",
)
SAME_LOSS = Check(
    "loss_as_in_history", "The validation loss is the last val_loss of the network's history."
)
BY_HAND = Check(
    "as_by_hand",
    "Some predictions of either part, computed again in NumPy from raw pixels, the graph's "
    "normalisation and the model's weights, come out the same.",
)
COUNTED_INDEPENDENTLY = Check(
    "as_recounted",
    "Accuracy, confusion matrix and the rates of each class come out the same when images are "
    "counted, of both parts.",
)
INFORMED = Check(
    "better_than_guessing",
    "Recall of each class exceeds its false-positive rate by the declared floor, in both parts; in "
    "a dataset other than MNIST it suffices that predictions agree with labels beyond chance.",
    group="derived",
)
TEST_LIKE_VALIDATION = Check(
    "test_like_validation",
    "Test and validation accuracy are no further apart than chance allows: neither was trained on.",
    group="derived",
)


def evaluation_assets(
    name: str, settings: Evaluation, *, on_request: bool = False
) -> list[dg.AssetsDefinition]:
    """A network's predictions and their evaluation, made only on request if it is."""
    return [
        _predictions_asset(name, settings, on_request=on_request),
        _evaluation_asset(name, settings, on_request=on_request),
    ]


def _predictions_asset(name: str, settings: Evaluation, *, on_request: bool) -> dg.AssetsDefinition:
    batch_size, tolerance = settings.batch_size, settings.probability_tolerance
    count, by_hand_tolerance = settings.by_hand_images, settings.by_hand_tolerance

    @STAGE.asset(
        "npz",
        name=f"{name}_predictions",
        reads={
            "network": f"networks/{name}",
            "train_images": "dataset/train_images",
            "test_images": "dataset/test_images",
            "split": "preparation/split",
            "normalization": "preparation/normalization",
        },
        deps=[f"networks/{name}_history"],  # its accuracy check stops what follows
        kinds={"tensorflow", "keras"},
        priority=1,  # what follows can be made while the next network trains
        checks=[*PROBABILITIES.values(), BY_HAND],
        description=f"Probabilities that {name} gives each class, float32 (n, classes): those of "
        "the validation images, in the split's order, and of the test images.",
        on_request=on_request,
    )
    def predictions(
        network: Any, train_images: Any, test_images: Any, split: Any, normalization: Any
    ) -> Stored:
        model = network.model
        validation = predicting.Subset(train_images, split["validation"])
        images = {"validation": validation, "test": test_images}
        predicted = {part: predicting.predict(model, of, batch_size) for part, of in images.items()}
        distances = forward_pass.distances_by_hand(
            predicted,
            images,
            applied_normalization(normalization, network.training.get("normalization")),
            network.training["layers"],
            model.get_weights(),
            count,
        )
        return stored(
            predicted,
            *(
                PROBABILITIES[part].result(checks.check_probabilities(of, tolerance))
                for part, of in predicted.items()
            ),
            BY_HAND.result(forward_pass.check_as_by_hand(distances, by_hand_tolerance)),
            validation=str(predicted["validation"].shape),
            test=str(predicted["test"].shape),
        )

    return predictions


def _evaluation_asset(name: str, settings: Evaluation, *, on_request: bool) -> dg.AssetsDefinition:
    margin, loss_tolerance = settings.near_tie_margin, settings.loss_tolerance
    floor, guessing = settings.informedness_floor, settings.guessing_significance
    significance = settings.part_significance

    @STAGE.asset(
        "json",
        name=name,
        reads={
            "predictions": f"evaluation/{name}_predictions",
            "history": f"networks/{name}_history",
            "train_labels": "dataset/train_labels",
            "test_labels": "dataset/test_labels",
            "split": "preparation/split",
            "description": "dataset/description",
        },
        kinds={"numpy"},
        checks=[
            *CONFUSION.values(),
            COUNTED_INDEPENDENTLY,
            SAME_NETWORK,
            SAME_LOSS,
            INFORMED,
            TEST_LIKE_VALIDATION,
        ],
        description=f"How right {name} is on the validation and on the test images: confusion "
        "matrix, classification report and the figures of each class.",
        on_request=on_request,
    )
    def evaluate(
        predictions: Any,
        history: Any,
        train_labels: Any,
        test_labels: Any,
        split: Any,
        description: Any,
    ) -> Stored:
        classes, dataset = class_count(train_labels), Description.from_json(description)
        labels = {"validation": train_labels[split["validation"]], "test": test_labels}
        parts = {part: (predictions[part], of) for part, of in labels.items()}
        evaluation = scores.evaluate(
            validation=parts["validation"], test=parts["test"], classes=classes
        )
        last = history.iloc[-1]
        same_network = checks.check_accuracy_matches_history(
            evaluation["validation"]["accuracy"],
            len(labels["validation"]),
            float(last["val_accuracy"]),
            predicting.count_near_ties(predictions["validation"], margin),
        )
        same_loss = checks.check_loss_matches_history(
            *parts["validation"], float(last["val_loss"]), loss_tolerance
        )
        informed = checks.check_better_than_guessing(
            evaluation,
            floor,
            guessing,
            every_class=dataset.binds("evaluation.informedness_floor"),
            names=dataset.names,
        )
        counts = {part: count_independently(*of, classes) for part, of in parts.items()}
        return stored(
            evaluation,
            *(
                CONFUSION[part].result(
                    checks.check_confusion_matrix(of["confusion_matrix"], labels[part], classes)
                )
                for part, of in evaluation.items()
            ),
            COUNTED_INDEPENDENTLY.result(check_independent_count(evaluation, counts)),
            SAME_NETWORK.result(same_network),
            SAME_LOSS.result(same_loss),
            INFORMED.result(informed),
            TEST_LIKE_VALIDATION.result(
                checks.check_test_like_validation(evaluation, significance)
            ),
            **_shown(evaluation, dataset),
        )

    return evaluate


def _shown(evaluation: Mapping[str, Any], dataset: Description) -> dict[str, Any]:
    """What the web UI shows of an evaluation."""
    import pandas as pd

    from mnist_assets.evaluation import figures

    shown: dict[str, Any] = {
        "confusion_matrices": draw(
            "Confusion matrices, validation and test",
            figures.confusion_matrices,
            {part: of["confusion_matrix"] for part, of in evaluation.items()},
            dataset.names,
        ),
        "ratios": draw(
            "Precision, recall and F1 of each class",
            figures.per_class_ratios,
            {part: of["per_class"] for part, of in evaluation.items()},
            dataset.names,
        ),
    }

    def extreme(of: Mapping[str, Any]) -> str:
        return f"class {dataset.class_names[of['class']]}: {of['precision']:.6f}"

    for part, of in evaluation.items():
        shown |= {
            f"{part}_accuracy": of["accuracy"],
            f"{part}_report": dg.MetadataValue.md(
                render_report(of["classification_report"], dataset.names)
            ),
            f"{part}_per_class": table(dataset.with_names(pd.DataFrame(of["per_class"]), "class")),
            f"{part}_true_totals": str(of["true_totals"]),
            f"{part}_predicted_totals": str(of["predicted_totals"]),
            f"{part}_highest_precision": extreme(of["highest_precision"]),
            f"{part}_lowest_precision": extreme(of["lowest_precision"]),
        }
    return shown
