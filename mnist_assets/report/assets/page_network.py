"""The network inside the report: the smallest one, as plain values that a browser can run."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from mnist_assets.networks.declaration import Network
from mnist_assets.orchestration.stage import Stage, Stored, stored
from mnist_assets.report.page_network import export_network

STAGE = Stage("report")


def smallest_of(networks: Mapping[str, Network]) -> str:
    """The network with the fewest declared parameters, the first of several."""
    return min(networks, key=lambda name: networks[name].parameters.total)


def page_network_asset(networks: Mapping[str, Network]) -> dg.AssetsDefinition:
    """The weights of the smallest network."""
    name = smallest_of(networks)

    @STAGE.asset(
        "json",
        name="page_network",
        reads={"network": f"networks/{name}"},
        deps=[f"networks/{name}_history"],  # its accuracy check stops what follows
        kinds={"tensorflow", "keras"},
        description=f"The weights of {name}, the smallest network, as plain values: with them the "
        "report reads a digit that is drawn on it, in the browser.",
    )
    def page_network(network: Any) -> Stored:
        exported = export_network(network.model)
        layers = [layer["kind"] for layer in exported["layers"]]
        return stored(exported, network=name, layers=", ".join(layers))

    return page_network
