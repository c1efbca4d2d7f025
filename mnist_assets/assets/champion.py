"""Champion: the network that serves, and whether a challenger takes its place."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
from pydantic import Field

from mnist_assets.assets import evaluation, networks, preparation
from mnist_assets.assets.presentation import draw, picture, table
from mnist_assets.assets.stage import Check, Stage, Stored, stored
from mnist_assets.content_versions import content_version
from mnist_assets.declarations import Network
from mnist_assets.errors import InputError
from mnist_assets.resources import ChampionArchive, DatasetSource
from mnist_assets.settings import Champion, Settings
from mnist_assets.steps import champion as deciding
from mnist_assets.steps import champion_archive as archiving
from mnist_assets.steps.dataset import commonest_share
from mnist_assets.steps.evaluation import predict
from mnist_assets.steps.networks import StoredNetwork
from mnist_assets.steps.training_log import list_trainings

STAGE = Stage("champion")
BATCH = 1000  # images predicted at a time

REASONED = Check(
    "reasoned", "Every challenger is promoted or not, and each criterion says what it saw."
)
LOADS = Check("loads", "The champion's file is there and is the version that was chosen.")


class Change(dg.Config):
    """What to do about the champion; with nothing set, the decision is carried out."""

    promote: str = Field("", description="Network to promote whatever the decision says.")
    roll_back_to: str = Field("", description="Earlier version to make the champion again.")
    who: str = Field("", description="Who decides so, for the log.")
    why: str = Field("", description="The reason, for the log.")


def champion_assets(
    declared: Mapping[str, Network], settings: Settings
) -> list[dg.AssetsDefinition]:
    """The decision over all declared networks, and the champion that comes of it."""
    due_within = timedelta(days=settings.schedules.retrained_within_days)
    return [
        _decision_asset(declared, settings.champion),
        _model_asset(declared, due_within),
        _training_log_asset(declared),
    ]


def _decision_asset(
    declared: Mapping[str, Network], declared_criteria: Champion
) -> dg.AssetsDefinition:
    names = list(declared)
    bounds = declared_criteria.model_dump()
    reads = {name: f"evaluation/{name}_predictions" for name in names}
    reads |= {f"{name}_network": f"networks/{name}" for name in names}

    @STAGE.asset(
        "json",
        reads=reads
        | {
            "train_images": "dataset/train_images",
            "train_labels": "dataset/train_labels",
            "split": "preparation/split",
        },
        after=[f"evaluation/{name}" for name in names],
        kinds={"numpy"},
        checks=[REASONED],
    )
    def decision(
        context: dg.AssetExecutionContext,
        source: DatasetSource,
        archive: ChampionArchive,
        train_images: Any,
        train_labels: Any,
        split: Any,
        **of_networks: Any,
    ) -> Stored:
        """Whether a network becomes the champion, judged on the validation images alone."""
        from mnist_assets.figures import champion as figures

        validation = split["validation"]
        labels = np.asarray(train_labels[validation])
        champion = _champion(archive, train_images[validation], labels)
        checks = _upstream_checks(context.instance, names)
        criteria = bounds if source.facts else bounds | {"floor": commonest_share(train_labels)}
        decided = deciding.choose(
            deciding.decide(
                deciding.Contender(
                    network=name,
                    seed=of_networks[f"{name}_network"].training["seed"],
                    data_version=content_version(dict(of_networks[name])),
                    probabilities=of_networks[name]["validation"],
                    labels=labels,
                ),
                champion,
                **criteria,
                upstream_checks_passed=checks[name],
            )
            for name in names
        )
        current = archiving.current(archive.path)
        outcome = {"replaces": current.version if current else None, **decided}
        foremost = decided["decisions"][0]
        return stored(
            outcome,
            REASONED.result(deciding.check_reasoned(outcome)),
            promote=decided["promote"],
            promoted=decided["promoted"] or "none",
            summary=decided["summary"],
            picture=picture(draw(figures.decision, foremost), foremost["summary"]),
        )

    return decision


def _champion(archive: ChampionArchive, images: Any, labels: Any) -> deciding.Contender | None:
    """The champion as a contender: it predicts the validation images of today."""
    current = archiving.current(archive.path)
    if current is None:
        return None
    explanation = current.explanation()
    return deciding.Contender(
        network=current.version.partition("-")[2],
        seed=explanation["declaration"]["seed"],
        data_version=explanation["versions"]["predictions"],
        probabilities=predict(StoredNetwork(current.model_path).model, images, BATCH),
        labels=labels,
    )


def _upstream_checks(
    instance: dg.DagsterInstance, names: Sequence[str]
) -> dict[str, dict[str, bool]]:
    """Of each network, whether each blocking check it depends on passed when it ran last."""
    of_all = {
        preparation.STAGE.key("split"): (preparation.SPLIT_COMPLETE, preparation.SPLIT_CLASSES),
        preparation.STAGE.key("normalization"): (preparation.NORMALIZED, preparation.BOUNDED),
    }
    passed = {}
    for name in names:
        checks = of_all | {
            networks.STAGE.key(name): (networks.PARAMETERS,),
            networks.STAGE.key(f"{name}_history"): (networks.LOSS_FINITE, networks.ACCURACY),
            evaluation.STAGE.key(name): (
                evaluation.VALIDATION_CONFUSION,
                evaluation.SAME_NETWORK,
            ),
        }
        passed[name] = {
            f"{key.to_user_string()}:{check.name}": _passed(instance, key, check)
            for key, of_asset in checks.items()
            for check in of_asset
        }
    return passed


def _passed(instance: dg.DagsterInstance, key: dg.AssetKey, check: Check) -> bool:
    record = instance.get_latest_asset_check_evaluation_record(dg.AssetCheckKey(key, check.name))
    event = record.event.dagster_event if record and record.event else None
    if event is None or event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        return False
    return bool(event.asset_check_evaluation_data.passed)


def _model_asset(declared: Mapping[str, Network], due_within: timedelta) -> dg.AssetsDefinition:
    names = list(declared)
    reads = {f"{name}_predictions": f"evaluation/{name}_predictions" for name in names}
    reads |= {f"{name}_evaluation": f"evaluation/{name}" for name in names}
    reads |= {f"{name}_network": f"networks/{name}" for name in names}

    @STAGE.asset(
        "json",
        reads=reads | {"decision": "champion/decision"},
        kinds={"keras"},
        checks=[LOADS],
        due_within=due_within,
    )
    def model(
        context: dg.AssetExecutionContext,
        config: Change,
        archive: ChampionArchive,
        decision: Any,
        **of_networks: Any,
    ) -> Stored:
        """The champion: which network serves, since when and why. Its file is beside this one.

        `keras.saving.load_model("data/assets/champion/current/model.keras")` loads it.
        """
        folder, now = archive.path, datetime.now(UTC)
        current = archiving.current(folder)
        promoted = config.promote or decision["promoted"]
        if config.roll_back_to:
            archiving.rollback(
                folder, config.roll_back_to, who=config.who, why=config.why, when=now
            )
        elif config.promote and config.promote not in names:
            raise InputError(
                "champion to promote",
                seen=config.promote,
                expected=f"one of {', '.join(names)}",
                remedy="Give the name of a declared network.",
            )
        elif config.promote or (promoted and _is_about(decision, current)):
            archiving.promote(
                folder,
                of_networks[f"{promoted}_network"].path,
                {
                    "decision": decision,
                    "declaration": of_networks[f"{promoted}_network"].training,
                    "metrics": of_networks[f"{promoted}_evaluation"],
                    "versions": {
                        "predictions": content_version(
                            dict(of_networks[f"{promoted}_predictions"])
                        ),
                        "run": context.run.run_id,
                    },
                },
                network=promoted,
                replaces=current.version if config.promote and current else decision["replaces"],
                who=config.who or ("" if config.promote else "champion/decision"),
                why=config.why or ("" if config.promote else decision["summary"]),
                when=now,
                forced=bool(config.promote),
            )
        return _present(folder)

    return model


def _is_about(decision: Mapping[str, Any], current: archiving.Champion | None) -> bool:
    """Whether a decision compares with the champion of now.

    One that was carried out does not, nor one from before somebody forced another champion.
    """
    return bool(decision["replaces"] == (current.version if current else None))


def _present(folder: Path) -> Stored:
    current = archiving.current(folder)
    described = {
        "version": current.version if current else None,
        "network": current.version.partition("-")[2] if current else None,
        "file": "champion/current/model.keras" if current else None,
    }
    return stored(
        described,
        LOADS.result(archiving.check_current(folder, described["version"])),
        version=described["version"] or "none yet",
        promotions=table(archiving.promotion_log(folder).tail(20)),
    )


def _training_log_asset(declared: Mapping[str, Network]) -> dg.AssetsDefinition:
    names = list(declared)

    @STAGE.asset(
        "csv",
        after=["champion/model", *(f"evaluation/{name}" for name in names)],
        kinds={"pandas"},
    )
    def training_log(context: dg.AssetExecutionContext, archive: ChampionArchive) -> Stored:
        """Every training of every network so far, from Dagster's own history."""
        from mnist_assets.figures import champion as figures

        promotions = archiving.promotion_log(archive.path)
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
                {
                    "time": time,
                    "network": name,
                    "validation_accuracy": metadata["validation_accuracy"].value,
                    "test_accuracy": metadata["test_accuracy"].value,
                }
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
        )
        shown = trainings.drop(columns="declaration").tail(20)
        png = draw(figures.training_log, trainings.dropna(subset="validation_accuracy"))
        return stored(
            trainings,
            trainings=len(trainings),
            picture=picture(png, "Validation accuracy of every training over time"),
            table=table(shown),
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
