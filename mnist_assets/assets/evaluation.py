"""Evaluation: every network on images it was not trained on, and all networks side by side."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import numpy as np

from mnist_assets.assets.presentation import draw, picture, table
from mnist_assets.assets.stage import Check, Stage, Stored, stored
from mnist_assets.declarations import Network
from mnist_assets.settings import Evaluation
from mnist_assets.steps import comparison as comparing
from mnist_assets.steps import evaluation as steps
from mnist_assets.steps.dataset import class_count
from mnist_assets.steps.findings import Finding
from mnist_assets.steps.metrics import render_report
from mnist_assets.steps.networks import parameters_of

STAGE = Stage("evaluation")

VALIDATION_PROBABILITIES = Check(
    "validation_probabilities", "Finite, in [0, 1], each row summing to 1: the validation images."
)
TEST_PROBABILITIES = Check(
    "test_probabilities", "Finite, in [0, 1], each row summing to 1: the test images."
)
VALIDATION_CONFUSION = Check(
    "validation_confusion_matrix",
    "Row sums are the true class counts, the total is the number of validation images.",
)
TEST_CONFUSION = Check(
    "test_confusion_matrix",
    "Row sums are the true class counts, the total is the number of test images.",
)
SAME_NETWORK = Check(
    "accuracy_as_in_history",
    "The validation accuracy is the last val_accuracy of the network's history, to the image.",
)


def evaluation_assets(name: str, settings: Evaluation) -> list[dg.AssetsDefinition]:
    """A network's predictions and their evaluation."""
    return [_predictions_asset(name, settings), _evaluation_asset(name, settings)]


def _predictions_asset(name: str, settings: Evaluation) -> dg.AssetsDefinition:
    batch_size, tolerance = settings.batch_size, settings.probability_tolerance

    @STAGE.asset(
        "npz",
        name=f"{name}_predictions",
        reads={
            "network": f"networks/{name}",
            "train_images": "dataset/train_images",
            "test_images": "dataset/test_images",
            "split": "preparation/split",
        },
        after=[f"networks/{name}_history"],  # its accuracy check stops what follows
        kinds={"tensorflow", "keras"},
        checks=[VALIDATION_PROBABILITIES, TEST_PROBABILITIES],
        description=f"Probabilities that {name} gives each class, float32 (n, classes): those of "
        "the validation images, in the split's order, and of the test images.",
    )
    def predictions(network: Any, train_images: Any, test_images: Any, split: Any) -> Stored:
        model = network.model
        validation = steps.predict(model, train_images[split["validation"]], batch_size)
        test = steps.predict(model, test_images, batch_size)
        return stored(
            {"validation": validation, "test": test},
            VALIDATION_PROBABILITIES.result(steps.check_probabilities(validation, tolerance)),
            TEST_PROBABILITIES.result(steps.check_probabilities(test, tolerance)),
            validation=str(validation.shape),
            test=str(test.shape),
        )

    return predictions


def _evaluation_asset(name: str, settings: Evaluation) -> dg.AssetsDefinition:
    margin = settings.near_tie_margin

    @STAGE.asset(
        "json",
        name=name,
        reads={
            "predictions": f"evaluation/{name}_predictions",
            "history": f"networks/{name}_history",
            "train_labels": "dataset/train_labels",
            "test_labels": "dataset/test_labels",
            "split": "preparation/split",
        },
        kinds={"numpy"},
        checks=[VALIDATION_CONFUSION, TEST_CONFUSION, SAME_NETWORK],
        description=f"How right {name} is on the validation and on the test images: confusion "
        "matrix, classification report and the figures of each class.",
    )
    def evaluate(
        predictions: Any, history: Any, train_labels: Any, test_labels: Any, split: Any
    ) -> Stored:
        classes = class_count(train_labels)
        labels = {"validation": train_labels[split["validation"]], "test": test_labels}
        evaluation = steps.evaluate(
            validation=(predictions["validation"], labels["validation"]),
            test=(predictions["test"], labels["test"]),
            classes=classes,
        )
        same_network = steps.check_accuracy_matches_history(
            evaluation["validation"]["accuracy"],
            len(labels["validation"]),
            float(history["val_accuracy"].iloc[-1]),
            steps.count_near_ties(predictions["validation"], margin),
        )
        return stored(
            evaluation,
            VALIDATION_CONFUSION.result(
                _check_confusion(evaluation, labels, "validation", classes)
            ),
            TEST_CONFUSION.result(_check_confusion(evaluation, labels, "test", classes)),
            SAME_NETWORK.result(same_network),
            **_shown(evaluation),
        )

    return evaluate


def _check_confusion(
    evaluation: Mapping[str, Any], labels: Mapping[str, Any], part: str, classes: int
) -> Finding:
    confusion = np.array(evaluation[part]["confusion_matrix"])
    return steps.check_confusion_matrix(confusion, labels[part], classes)


def _shown(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """What the web UI shows of an evaluation."""
    import pandas as pd

    from mnist_assets.figures import evaluation as figures

    validation, test = evaluation["validation"], evaluation["test"]
    matrices = draw(
        figures.confusion_matrices, validation["confusion_matrix"], test["confusion_matrix"]
    )
    ratios = draw(figures.per_class_ratios, validation["per_class"], test["per_class"])
    shown: dict[str, Any] = {
        "confusion_matrices": picture(matrices, "Confusion matrices, validation and test"),
        "ratios": picture(ratios, "Precision, recall and F1 of each class"),
    }
    for part, of_part in evaluation.items():
        shown |= {
            f"{part}_accuracy": of_part["accuracy"],
            f"{part}_report": dg.MetadataValue.md(render_report(of_part["classification_report"])),
            f"{part}_per_class": table(pd.DataFrame(of_part["per_class"])),
            f"{part}_true_totals": str(of_part["true_totals"]),
            f"{part}_predicted_totals": str(of_part["predicted_totals"]),
            f"{part}_highest_precision": "class {class}: {precision:.6f}".format(
                **of_part["highest_precision"]
            ),
            f"{part}_lowest_precision": "class {class}: {precision:.6f}".format(
                **of_part["lowest_precision"]
            ),
        }
    return shown


def comparison_asset(networks: Mapping[str, Network]) -> dg.AssetsDefinition:
    """The asset that puts all declared networks into one table."""
    layers = {name: network.training.layers for name, network in networks.items()}
    claims = {name: network.notebook_validation_accuracy for name, network in networks.items()}
    reads = {name: f"evaluation/{name}" for name in networks}
    reads |= {f"{name}_history": f"networks/{name}_history" for name in networks}

    @STAGE.asset(
        "csv",
        reads=reads
        | {"train_images": "dataset/train_images", "train_labels": "dataset/train_labels"},
        kinds={"pandas"},
    )
    def comparison(train_images: Any, train_labels: Any, **of_networks: Any) -> Stored:
        """All networks side by side: parameters, epochs, seconds, accuracies with intervals."""
        from mnist_assets.figures import evaluation as figures

        shape, classes = train_images.shape[1:], class_count(train_labels)
        compared = comparing.compare_networks(
            [
                comparing.comparison_row(
                    name,
                    parameters=parameters_of(declared, shape, classes)["total"],
                    history=of_networks[f"{name}_history"],
                    evaluation=of_networks[name],
                )
                for name, declared in layers.items()
            ]
        )
        png = draw(figures.comparison, compared)
        return stored(
            compared,
            best=comparing.best_network(compared),
            notebook_validation_accuracy=claims,
            picture=picture(png, "Accuracy of each network against its number of parameters"),
            table=table(compared),
        )

    return comparison
