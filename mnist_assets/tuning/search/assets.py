"""What the searches have found so far, as an asset; making their trials is `mnist-assets tune`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from mnist_assets.dataset.loading import class_count
from mnist_assets.declarations.settings import Settings
from mnist_assets.errors import InputError
from mnist_assets.orchestration.history import database_beside
from mnist_assets.orchestration.presentation import draw, table
from mnist_assets.orchestration.stage import Stage, Stored, stored
from mnist_assets.tuning.declaration import space_of
from mnist_assets.tuning.search.declaration import Search
from mnist_assets.tuning.search.study import Goal, find_studies
from mnist_assets.tuning.search.table import COLUMNS, importances, sentence, tabulate
from mnist_assets.tuning.search.trials import TrainingPart

STAGE = Stage("tuning")


def search_assets(
    searches: Mapping[str, Search], settings: Settings, file: str
) -> list[dg.AssetsDefinition]:
    """The trials of all searches that a file of this name declares, if it declares any."""
    return [_search_asset(searches, settings.training.memory_limit, file)] if searches else []


def _search_asset(
    searches: Mapping[str, Search], memory_limit: int, file: str
) -> dg.AssetsDefinition:
    @STAGE.asset(
        "csv",
        reads={
            "images": "dataset/train_images",
            "labels": "dataset/train_labels",
            "split": "preparation/split",
            "normalization": "preparation/normalization",
        },
        kinds={"optuna", "pandas"},
        on_request=True,
    )
    def search(
        context: dg.AssetExecutionContext, images: Any, labels: Any, split: Any, normalization: Any
    ) -> Stored:
        """Every trial of the declared searches, what decided them, and the best of them.

        Shows what there is; `mnist-assets tune search` makes trials, and then this. Judged on the
        validation images alone.
        """
        import pandas as pd

        from mnist_assets.tuning.search import figures

        part = TrainingPart(images, labels, split, normalization, class_count(labels), memory_limit)
        goals = [
            Goal(name, declared, space_of(name, declared, Path(file)), part)
            for name, declared in searches.items()
        ]
        try:
            studies = find_studies(goals, database_beside(context.instance, "tuning"))
        except InputError as error:
            return _nothing(context, str(error))
        if not studies:
            command = f"mnist-assets tune search {next(iter(searches))} --minutes 10"
            return _nothing(context, f"No trial has been made on these data. Make some: {command}")
        tables = {name: tabulate(name, study) for name, study in studies.items()}
        shown: dict[str, Any] = {}
        for name, trials in tables.items():
            if not (trials["state"] == "complete").any():
                continue
            shown[f"{name}_history"] = draw(
                f"Validation accuracy of the trials of {name}", figures.history, trials
            )
            shown[f"{name}_front"] = draw(
                f"Accuracy against parameters of the trials of {name}", figures.front, trials
            )
            shown[f"{name}_importances"] = draw(
                f"What decides the trials of {name}",
                figures.importances,
                name,
                importances(studies[name]),
            )
        made = pd.concat(tables.values(), ignore_index=True)
        best = made[made["best"]]
        return stored(
            made,
            shows=" ".join(sentence(name, study) for name, study in studies.items()),
            best=table(best[["search", "trial", "validation_accuracy", "parameters"]]),
            **shown,
        )

    return search


def _nothing(context: dg.AssetExecutionContext, told: str) -> Stored:
    """No trials, and what to do about it."""
    import pandas as pd

    context.log.warning(told)
    return stored(pd.DataFrame(columns=[*COLUMNS]), shows=told)
