"""The network inside the report: a small one, as plain values that a browser can run."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from mnist_assets.networks.declaration import Network, always_made
from mnist_assets.orchestration.stage import Stage, Stored, stored
from mnist_assets.report.page_network import can_run, export_network

STAGE = Stage("report")


def smallest_of(networks: Mapping[str, Network]) -> str | None:
    """The network with the fewest declared parameters, the first of several.

    Of those that are not made only on request and that a page can run; None if there is none.
    """
    names = [name for name in always_made(networks) if can_run(networks[name].training.layers)]
    return min(names, key=lambda name: networks[name].parameters.total, default=None)


def page_network_asset(networks: Mapping[str, Network]) -> dg.AssetsDefinition:
    """The weights of the smallest network that a page can run."""
    name = smallest_of(networks)

    @STAGE.asset(
        "json",
        name="page_network",
        reads={"network": f"networks/{name}"} if name else {},
        deps=[f"networks/{name}_history"] if name else [],  # its accuracy check stops what follows
        kinds={"tensorflow", "keras"},
        description="The weights of the smallest network that a browser can run, as plain values: "
        f"with them the report reads a digit that is drawn on it. It is {name or 'none'}.",
    )
    def page_network(**networks: Any) -> Stored:
        if not networks:
            return stored({}, network="none")
        exported = export_network(networks["network"].model)
        layers = [layer["kind"] for layer in exported["layers"]]
        return stored(exported, network=name, layers=", ".join(layers))

    return page_network
