"""Comparison: all networks side by side, by their evaluations."""

from collections.abc import Mapping
from types import MappingProxyType
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
from mnist_assets.orchestration.storage.optional import Group, OptionalInputs, keys_of, split_reads

COMPARED = Check(
    "as_evaluated", "Accuracies and the best network are those of the networks' own evaluations."
)


def comparison_asset(
    networks: Mapping[str, Network], requested: Mapping[str, Group] = MappingProxyType({})
) -> dg.AssetsDefinition:
    """The asset that puts all declared networks into one table.

    Args:
        networks: The declared ones.
        requested: The assets of those made only on request, which are left out where they are not
            up to date.
    """
    layers = {name: network.training.layers for name, network in networks.items()}
    claims = {name: network.notebook_validation_accuracy for name, network in networks.items()}
    of_each = {
        name: {name: f"evaluation/{name}", f"{name}_history": f"networks/{name}_history"}
        for name in networks
    }
    groups = dict(requested)
    reads, optional = split_reads(of_each, groups)

    @STAGE.asset(
        "csv",
        name="comparison",
        reads=reads
        | {
            "train_images": "dataset/train_images",
            "train_labels": "dataset/train_labels",
            "description": "dataset/description",
        },
        optional_deps=keys_of(requested),
        kinds={"pandas"},
        checks=[COMPARED],
    )
    def all_networks(
        context: dg.AssetExecutionContext,
        optional_inputs: OptionalInputs,
        train_images: Any,
        train_labels: Any,
        description: Any,
        **of_networks: Any,
    ) -> Stored:
        """All networks side by side: parameters, epochs, seconds, accuracies with intervals."""
        from mnist_assets.evaluation import figures

        found, without = optional_inputs.read_groups(context.instance, groups, optional)
        of_networks |= found
        shape, classes = train_images.shape[1:], class_count(train_labels)
        evaluations = {name: of_networks[name] for name in layers if name in of_networks}
        rows = [
            comparison.comparison_row(
                name,
                parameters=parameters_of(declared, shape, classes)["total"],
                history=of_networks[f"{name}_history"],
                evaluation=evaluations[name],
            )
            for name, declared in layers.items()
            if name in evaluations
        ]
        compared = comparison.compare_networks(rows)
        best = comparison.best_network(compared)
        mnist = Description.from_json(description).mnist
        claimed: dict[str, Any] = {"notebook_validation_accuracy": claims} if mnist else {}
        return stored(
            compared,
            COMPARED.result(comparison.check_compared(compared, evaluations, best)),
            best=best,
            **without,
            **claimed,
            picture=draw(
                "Accuracy of each network against its number of parameters",
                figures.comparison,
                compared,
            ),
            table=table(compared),
        )

    return all_networks
