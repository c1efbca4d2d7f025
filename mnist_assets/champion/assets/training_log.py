"""Training log: every training so far, how it did, and who was promoted.

Dagster's history tells of the latest; what it no longer holds stays as the log had it.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import dagster as dg

from mnist_assets.champion.assets.model import STAGE
from mnist_assets.champion.history import promotion_log
from mnist_assets.champion.resources import ChampionArchive
from mnist_assets.champion.training_log import list_trainings
from mnist_assets.evaluation.assets import networks as evaluation
from mnist_assets.networks import assets as networks
from mnist_assets.networks.declaration import Network, always_made
from mnist_assets.orchestration.presentation import draw, table
from mnist_assets.orchestration.stage import Stored, stored
from mnist_assets.orchestration.storage.optional import OptionalInputs

ACCURACIES = ("validation_accuracy", "test_accuracy")


def training_log_asset(declared: Mapping[str, Network]) -> dg.AssetsDefinition:
    """The log of all trainings of the declared networks."""
    names, always = list(declared), always_made(declared)

    @STAGE.asset(
        "csv",
        deps=["champion/model", *(f"evaluation/{name}" for name in always)],
        optional_deps=[f"evaluation/{name}" for name in names if name not in always],
        kinds={"pandas"},
    )
    def training_log(
        context: dg.AssetExecutionContext,
        archive: ChampionArchive,
        optional_inputs: OptionalInputs,
    ) -> Stored:
        """Every training of every network so far, from Dagster's own history."""
        from mnist_assets.champion import figures

        promotions = promotion_log(archive.path)
        trainings = list_trainings(
            [
                {
                    "time": time,
                    "network": name,
                    "seed": metadata["seed"].value,
                    "seconds": metadata["training_seconds"].value,
                    "data_version": tags.get("dagster/data_version"),
                    "code_version": tags.get("dagster/code_version"),
                    "declaration": json.dumps(metadata["training"].value, sort_keys=True),
                }
                for name in names
                for time, metadata, tags in _made(context, networks.STAGE.key(name))
                if "seed" in metadata
            ],
            [
                {"time": time, "network": name} | {of: metadata[of].value for of in ACCURACIES}
                for name in names
                for time, metadata, _ in _made(context, evaluation.STAGE.key(name))
            ],
            [
                {
                    "time": datetime.fromisoformat(entry["when"]).timestamp(),
                    "network": entry["to"].partition("-")[2],
                }
                for entry in promotions.to_dict("records")
                if entry["took_effect"]
            ],
            optional_inputs.read_file(STAGE.key("training_log"), "csv"),
        )
        return stored(
            trainings,
            trainings=len(trainings),
            picture=draw(
                "Validation accuracy of every training over time",
                figures.training_log,
                trainings.dropna(subset="validation_accuracy"),
            ),
            table=table(trainings.drop(columns="declaration").tail(20)),
        )

    return training_log


def _made(
    context: dg.AssetExecutionContext, key: dg.AssetKey
) -> Iterator[tuple[float, Mapping[str, dg.MetadataValue[Any]], Mapping[str, str]]]:
    """Every materialisation of an asset in Dagster's history: when, what was shown, its tags."""
    cursor = None
    while True:
        page = context.instance.fetch_materializations(key, limit=500, cursor=cursor)
        for record in page.records:
            if made := record.asset_materialization:
                yield record.timestamp, made.metadata, made.tags or {}
        if not page.has_more:
            return
        cursor = page.cursor
