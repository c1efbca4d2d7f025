"""The champion's quality: as that of a network, whichever it is and whenever it was trained."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import dagster as dg

from mnist_assets.champion import archive as archiving
from mnist_assets.champion.assets import model as champion
from mnist_assets.champion.candidate import fits
from mnist_assets.champion.resources import ChampionArchive
from mnist_assets.dataset.description import Description
from mnist_assets.declarations.settings import Settings
from mnist_assets.evaluation.predictions import predict
from mnist_assets.findings import Finding
from mnist_assets.networks.stored import StoredNetwork
from mnist_assets.orchestration.presentation import Picture, table
from mnist_assets.orchestration.stage import Check, Stored, stored
from mnist_assets.orchestration.storage.copies import local_copy
from mnist_assets.orchestration.storage.optional import OptionalInputs, made_as
from mnist_assets.quality import assessment
from mnist_assets.quality.assets.networks import (
    CALIBRATED,
    ROBUST,
    TEST_PART,
    draw_mistakes,
    draw_reliability,
    draw_robustness,
    expected_floors,
    find_mistakes,
    measurement,
    show_assessment,
)
from mnist_assets.quality.calibration import check_calibrated
from mnist_assets.quality.robustness import check_floors, measure_robustness

AS_PROMOTED = Check(
    "as_promoted",
    "On the test part the champion is as accurate as it was when it was promoted.",
    blocking=False,
)

SHOWN = ("quality", "robustness", "mistakes")  # what is found of a network, by kind of asset
KINDS = ("predictions", *SHOWN)


def champion_quality_asset(
    networks: Collection[str], settings: Settings, of_networks: Sequence[dg.AssetsDefinition]
) -> dg.AssetsDefinition:
    """What there is to say of the champion, whichever network it is and whenever it was trained.

    Args:
        networks: Names of the declared ones, any of which the champion may still be.
        settings: Those of all stages.
        of_networks: The assets of each: its predictions, and what there is to say of it.
    """
    bins, confidence = settings.quality.bins, settings.quality.confidence
    ceiling, batch_size = settings.quality.calibration_error, settings.evaluation.batch_size
    count, declared = settings.quality.mistakes, settings.quality.robustness
    measured = measurement(settings)
    storages = made_as(of_networks)
    keys = [f"evaluation/{name}_{kind}" for name in networks for kind in KINDS]
    made = {key: storages[key] for key in keys}

    @champion.STAGE.asset(
        "json",
        name="quality",
        reads=TEST_PART,
        deps=["champion/model"],
        optional_deps=keys,
        kinds={"tensorflow", "keras"},
        checks=[CALIBRATED, ROBUST, AS_PROMOTED],
    )
    def champion_quality(
        context: dg.AssetExecutionContext,
        archive: ChampionArchive,
        optional_inputs: OptionalInputs,
        description: Any,
        test_images: Any,
        test_labels: Any,
    ) -> Stored:
        """How good the champion is on test images: accuracy, calibration, mistakes, robustness.

        Taken from the network that it is, or computed anew if that has been trained since.
        """
        current = archiving.current(archive.path)
        dataset = Description.from_json(description)
        found: dict[str, Any] | None = None
        model: Any = None
        if current:
            found = _taken(context.instance, optional_inputs, archive, current, made)
            if found is None:  # else it is a network of today, and Keras need not read it
                model = StoredNetwork(current.model_path).model
        if current is None or (
            model is not None and not fits(model, test_images.shape[1:], len(dataset.labels))
        ):
            nothing = Finding(passed=True, message="There is no champion of this dataset yet.")
            results = [check.result(nothing) for check in (CALIBRATED, ROBUST, AS_PROMOTED)]
            return stored({}, *results, champion="none yet: champion/decision says why")
        name = f"Champion {current.version}"
        pictures = _pictures(context.instance, optional_inputs, current, made) if found else {}
        if found is None:
            probabilities = predict(model, test_images, batch_size)
            found = {
                "quality": assessment.assess(
                    probabilities,
                    test_labels,
                    bins=bins,
                    confidence=confidence,
                    mnist=dataset.mnist,
                ),
                "robustness": measure_robustness(model, test_images, test_labels, **measured),
                "mistakes": find_mistakes(probabilities, test_labels, count, dataset),
            }
        assessed, accuracies, mistakes = (found[kind] for kind in SHOWN)
        floors = expected_floors(declared, dataset, test_labels)
        total = assessed["images"] - assessed["correct"]

        def picture(kind: str, draw: Callable[..., Picture], *values: Any) -> Picture:
            if png := pictures.get(kind):
                return Picture(f"The {kind} of {name}", png)
            return draw(*values)

        promoted = current.explanation()["metrics"]["test"]
        return stored(
            {
                **assessed,
                "version": current.version,
                "robustness": accuracies.to_dict("records"),
                "mistakes": mistakes.to_dict("records"),
            },
            CALIBRATED.result(check_calibrated(assessed["calibration"], ceiling)),
            ROBUST.result(check_floors(accuracies, floors)),
            AS_PROMOTED.result(assessment.check_as_promoted(assessed, promoted)),
            version=current.version,
            reliability=picture("quality", draw_reliability, assessed, name),
            **show_assessment(assessed),
            robustness=picture(
                "robustness", draw_robustness, accuracies.assign(network=name), floors, name
            ),
            accuracies=table(accuracies),
            mistakes=picture(
                "mistakes", draw_mistakes, mistakes, test_images, name, total, dataset.names
            ),
            table=table(mistakes),
        )

    return champion_quality


def _taken(
    instance: dg.DagsterInstance,
    optional_inputs: OptionalInputs,
    archive: ChampionArchive,
    current: archiving.Champion,
    made: Mapping[str, tuple[str, str]],
) -> dict[str, Any] | None:
    """What was found of the network that the champion is, on today's images, by kind; or None."""
    file = archive.path.parent / "networks" / f"{current.network}.keras"
    keys = _keys(current.network)
    if not made.keys() >= set(keys.values()) or not file.is_file():
        return None  # it is no longer declared
    if StoredNetwork(local_copy(file)).weights != StoredNetwork(current.model_path).weights:
        return None  # it was trained anew, or the champion's file is not what was promoted
    values = optional_inputs.read(instance, {key: made[key] for key in keys.values()})
    if any(value is None for value in values.values()):
        return None
    return {kind: values[key] for kind, key in keys.items()}


def _pictures(
    instance: dg.DagsterInstance,
    optional_inputs: OptionalInputs,
    current: archiving.Champion,
    made: Mapping[str, tuple[str, str]],
) -> dict[str, bytes]:
    """PNG files of what was taken, by kind; those absent are to be drawn."""
    keys = _keys(current.network)
    codes = {key: made[key][1] for key in keys.values()}
    pictures = optional_inputs.read_pictures(instance, codes, codes)
    return {kind: pictures[key] for kind, key in keys.items() if key in pictures}


def _keys(network: str) -> dict[str, str]:
    return {kind: f"evaluation/{network}_{kind}" for kind in KINDS}
