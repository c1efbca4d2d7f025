"""The claims as an asset: every checkable statement of the notebook, with a computed verdict."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import dagster as dg

from mnist_assets.claims import claim as claims_of
from mnist_assets.claims import notebook
from mnist_assets.claims.graph import Graph, NetworkValues
from mnist_assets.claims.sections import all_claims
from mnist_assets.dataset.description import Description
from mnist_assets.networks.declaration import Network
from mnist_assets.orchestration.presentation import table
from mnist_assets.orchestration.stage import Check, Stage, Stored, stored
from mnist_assets.orchestration.storage.optional import (
    Group,
    OptionalInputs,
    keys_of,
    made_as,
    split_reads,
)
from mnist_assets.tuning.summary import with_labels

STAGE = Stage("claims", prefix="report")
SHOWN = ["number", "id", "words", "notebook", "found", "why"]

ONE_VERDICT = Check("one_verdict", "Each claim has exactly one verdict of the six, and its reason.")

READS = (
    "dataset/train_images",
    "dataset/train_labels",
    "dataset/test_images",
    "dataset/test_labels",
    "exploration/summary",
    "exploration/average_digits",
    "exploration/extreme_digits",
    "exploration/grey_levels",
    "exploration/pixel_histogram",
    "preparation/split",
    "preparation/normalization",
    "evaluation/comparison",
)


def claims_asset(
    networks: Mapping[str, Network],
    requested: Mapping[str, Group] = MappingProxyType({}),
    tuning: Iterable[dg.AssetsDefinition] = (),
) -> dg.AssetsDefinition:
    """The claims about the dataset and those of the notebook's networks that are declared.

    Args:
        networks: The declared networks.
        requested: The assets of those made only on request, which count where they are up to date.
        tuning: The sweeps' assets, whose trainings decide some claims where they have been made.
    """
    names = [name for name in notebook.NETWORKS if name in networks]
    declared = {name: networks[name].training for name in names}
    groups = {name: requested[name] for name in names if name in requested}
    of_each = {
        name: {
            f"history_{name}": f"networks/{name}_history",
            f"evaluation_{name}": f"evaluation/{name}",
            f"predictions_{name}": f"evaluation/{name}_predictions",
        }
        for name in names
    }
    always, optional = split_reads(of_each, groups)
    reads = {key.rpartition("/")[2]: key for key in ("dataset/description", *READS)}

    trainings = {key: of for key, of in made_as(tuning).items() if key.endswith("_runs")}

    @STAGE.asset(
        "csv",
        reads=reads | always,
        optional_deps=[*keys_of(groups), *trainings],
        kinds={"pandas"},
        checks=[ONE_VERDICT],
    )
    def claims(
        context: dg.AssetExecutionContext,
        optional_inputs: OptionalInputs,
        description: Any,
        **values: Any,
    ) -> Stored:
        """Every checkable statement of the notebook, in its order, each with a verdict.

        Its own words, the figure it gives, the figure found here, how the two were compared, what
        came of it and why. Of a dataset other than MNIST its statements cannot be checked, and some
        need trainings that are made on request.
        """
        sweeps = {
            key.removeprefix("tuning/").removesuffix("_runs"): with_labels(runs)
            for key, runs in optional_inputs.read(context.instance, trainings).items()
            if runs is not None
        }
        found, without = optional_inputs.read_groups(context.instance, groups, optional)
        values |= found
        of_networks = {
            name: NetworkValues(
                training=training,
                history=values.pop(f"history_{name}"),
                evaluation=values.pop(f"evaluation_{name}"),
                predictions=values.pop(f"predictions_{name}"),
            )
            for name, training in declared.items()
            if f"history_{name}" in values
        }
        mnist = Description.from_json(description).mnist
        graph = None
        if mnist:
            graph = Graph(**values, networks=of_networks, on_request=tuple(groups), sweeps=sweeps)
        statements = all_claims()
        judged = claims_of.judge_claims(statements, graph)
        counts = claims_of.count_verdicts(judged)
        by_verdict: dict[str, Any] = {
            f"claims {verdict}": table(judged.loc[judged["verdict"] == verdict, SHOWN])
            for verdict, count in counts.items()
            if count
        }
        ids = [statement.id for statement in statements]
        return stored(
            judged,
            ONE_VERDICT.result(claims_of.check_verdicts(judged, ids)),
            claims=len(judged),
            verdicts=counts,
            **without,
            **by_verdict,
        )

    return claims
