"""Comparison: all networks side by side, by their evaluations."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from mnist_assets.dataset.description import Description
from mnist_assets.dataset.loading import class_count
from mnist_assets.evaluation import comparison
from mnist_assets.evaluation.assets.networks import STAGE
from mnist_assets.networks.declaration import Network
from mnist_assets.networks.layer_table import parameters_of
from mnist_assets.orchestration.presentation import draw, table
from mnist_assets.orchestration.stage import Check, Stored, stored

COMPARED = Check(
    "as_evaluated", "Accuracies and the best network are those of the networks' own evaluations."
)


def comparison_asset(networks: Mapping[str, Network]) -> dg.AssetsDefinition:
    """The asset that puts all declared networks into one table."""
    layers = {name: network.training.layers for name, network in networks.items()}
    claims = {name: network.notebook_validation_accuracy for name, network in networks.items()}
    reads = {name: f"evaluation/{name}" for name in networks}
    reads |= {f"{name}_history": f"networks/{name}_history" for name in networks}

    @STAGE.asset(
        "csv",
        name="comparison",
        reads=reads
        | {
            "train_images": "dataset/train_images",
            "train_labels": "dataset/train_labels",
            "description": "dataset/description",
        },
        kinds={"pandas"},
        checks=[COMPARED],
    )
    def all_networks(
        train_images: Any, train_labels: Any, description: Any, **of_networks: Any
    ) -> Stored:
        """All networks side by side: parameters, epochs, seconds, accuracies with intervals."""
        from mnist_assets.evaluation import figures

        shape, classes = train_images.shape[1:], class_count(train_labels)
        evaluations = {name: of_networks[name] for name in layers}
        rows = [
            comparison.comparison_row(
                name,
                parameters=parameters_of(declared, shape, classes)["total"],
                history=of_networks[f"{name}_history"],
                evaluation=evaluations[name],
            )
            for name, declared in layers.items()
        ]
        compared = comparison.compare_networks(rows)
        best = comparison.best_network(compared)
        mnist = Description.from_json(description).mnist
        claimed: dict[str, Any] = {"notebook_validation_accuracy": claims} if mnist else {}
        return stored(
            compared,
            COMPARED.result(comparison.check_compared(compared, evaluations, best)),
            best=best,
            **claimed,
            picture=draw(
                "Accuracy of each network against its number of parameters",
                figures.comparison,
                compared,
            ),
            table=table(compared),
        )

    return all_networks
