"""Quality: how good networks and the champion are beyond their accuracy, on the test part."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from mnist_assets.assets import champion, evaluation
from mnist_assets.assets.presentation import draw, picture, table
from mnist_assets.assets.stage import Check, Stored, stored
from mnist_assets.quality_settings import Quality
from mnist_assets.resources import ChampionArchive, DatasetSource
from mnist_assets.settings import Settings
from mnist_assets.steps import champion_archive as archiving
from mnist_assets.steps import quality as steps
from mnist_assets.steps.calibration import check_calibrated
from mnist_assets.steps.dataset import commonest_share
from mnist_assets.steps.evaluation import predict
from mnist_assets.steps.findings import Finding
from mnist_assets.steps.mistakes import most_confident_mistakes
from mnist_assets.steps.networks import StoredNetwork
from mnist_assets.steps.robustness import check_floors, measure_robustness

if TYPE_CHECKING:
    import pandas as pd

TEST_PART = {"test_images": "dataset/test_images", "test_labels": "dataset/test_labels"}

CALIBRATED = Check(
    "calibrated",
    "Confidence and accuracy on the test part are no further apart than declared, chance aside.",
    blocking=False,
)
ROBUST = Check(
    "robust",
    "Each distortion leaves at least the declared accuracy at its declared strength.",
    blocking=False,
)
AS_PROMOTED = Check(
    "as_promoted",
    "On the test part the champion is as accurate as it was when it was promoted.",
    blocking=False,
)


def quality_assets(name: str, settings: Settings) -> list[dg.AssetsDefinition]:
    """What there is to say of a network beyond its accuracy."""
    return [
        _quality_asset(name, settings.quality),
        _mistakes_asset(name, settings.quality),
        _robustness_asset(name, settings),
    ]


def _quality_asset(name: str, settings: Quality) -> dg.AssetsDefinition:
    bins, confidence = settings.bins, settings.confidence
    ceiling = settings.calibration_error

    @evaluation.STAGE.asset(
        "json",
        name=f"{name}_quality",
        reads={
            "predictions": f"evaluation/{name}_predictions",
            "test_labels": "dataset/test_labels",
        },
        kinds={"numpy"},
        checks=[CALIBRATED],
        description=f"Whether to believe {name}: how its confidence and its accuracy agree on the "
        "test part, its accuracy without the labels known to be wrong, and on each half.",
    )
    def quality(source: DatasetSource, predictions: Any, test_labels: Any) -> Stored:
        assessed = steps.assess(
            predictions["test"],
            test_labels,
            bins=bins,
            confidence=confidence,
            mnist=source.facts is not None,
        )
        return stored(
            assessed,
            CALIBRATED.result(check_calibrated(assessed["calibration"], ceiling)),
            **_shown(assessed, name),
        )

    return quality


def _shown(assessed: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What the web UI shows of an assessment."""
    import pandas as pd

    from mnist_assets.figures import quality as figures

    calibrated, interval = assessed["calibration"], assessed["accuracy_interval"]
    png = draw(figures.reliability, calibrated, name, confidence=interval["confidence"])
    shown: dict[str, Any] = {
        "reliability": picture(png, f"Accuracy of {name} against its confidence, in bins"),
        "bins": table(pd.DataFrame(calibrated["bins"])),
        "test_accuracy": assessed["accuracy"],
        "interval": f"{interval['low']:.4f} to {interval['high']:.4f}",
        "expected_calibration_error": calibrated["expected_calibration_error"],
        "maximum_calibration_error": calibrated["maximum_calibration_error"],
    }
    if corrected := assessed["without_wrong_labels"]:
        shown["accuracy_without_wrong_labels"] = corrected["accuracy"]
    if halves := assessed["halves"]:
        for half in (halves["first"], halves["last"]):
            shown[f"accuracy_on_{half['written_by']}"] = half["accuracy"]
        shown["p_value_of_the_difference"] = halves["p_value"]
    return shown


def _mistakes_asset(name: str, settings: Quality) -> dg.AssetsDefinition:
    count = settings.mistakes

    @evaluation.STAGE.asset(
        "csv",
        name=f"{name}_mistakes",
        reads=TEST_PART | {"predictions": f"evaluation/{name}_predictions"},
        kinds={"pandas"},
        description=f"The mistakes on the test part that {name} is most confident of.",
    )
    def mistakes(
        source: DatasetSource, predictions: Any, test_images: Any, test_labels: Any
    ) -> Stored:
        from mnist_assets.figures import doubtful_digits as figures

        known = steps.WRONG_TEST_LABELS if source.facts else ()
        listed = most_confident_mistakes(predictions["test"], test_labels, count, known)
        total = int((predictions["test"].argmax(axis=1) != test_labels).sum())
        png = draw(figures.mistakes, test_images[listed["index"]], listed, name, total)
        return stored(
            listed,
            mistakes=total,
            picture=picture(png, f"The most confident mistakes of {name}, with their labels"),
            table=table(listed),
        )

    return mistakes


def _robustness_asset(name: str, settings: Settings) -> dg.AssetsDefinition:
    robustness = settings.quality.robustness
    measured = _measured(settings)
    floors = declared_floors(settings.quality)

    @evaluation.STAGE.asset(
        "csv",
        name=f"{name}_robustness",
        reads=TEST_PART | {"network": f"networks/{name}"},
        after=[f"networks/{name}_history"],  # its accuracy check stops what follows
        kinds={"tensorflow", "keras"},
        checks=[ROBUST],
        description=f"Accuracy of {name} on {robustness.images:,} test images that are shifted, "
        "rotated, noisy, blurred or inverted.",
    )
    def robust(source: DatasetSource, network: Any, test_images: Any, test_labels: Any) -> Stored:
        accuracies = measure_robustness(network.model, test_images, test_labels, **measured)
        expected = expected_floors(floors, source, test_labels)
        return stored(
            accuracies,
            ROBUST.result(check_floors(accuracies, expected)),
            **_curves(accuracies, expected, name),
        )

    return robust


def _measured(settings: Settings) -> dict[str, Any]:
    """How robustness is measured, as `measure_robustness` takes it."""
    robustness = settings.quality.robustness
    return {
        "strengths": {**robustness.strengths.model_dump(), "inversion": (1,)},
        "count": robustness.images,
        "seed": robustness.seed,
        "batch_size": settings.evaluation.batch_size,
        "confidence": settings.quality.confidence,
    }


def declared_floors(settings: Quality) -> dict[str, dict[str, float]]:
    """The floors of the settings, as `check_floors` takes them."""
    return {name: floor.model_dump() for name, floor in settings.robustness.floors.items()}


def expected_floors(
    floors: Mapping[str, Mapping[str, float]], source: DatasetSource, labels: Any
) -> dict[str, dict[str, float]]:
    """The floors, which are MNIST's: for another dataset, those that guessing reaches."""
    if source.facts:
        return {name: dict(floor) for name, floor in floors.items()}
    share = commonest_share(labels)
    return {name: {**floor, "accuracy": share} for name, floor in floors.items()}


def _curves(
    accuracies: "pd.DataFrame", floors: Mapping[str, Mapping[str, float]], name: str
) -> dict[str, Any]:
    """What the web UI shows of a network's robustness."""
    from mnist_assets.figures import quality as figures

    png = draw(figures.robustness, accuracies.assign(network=name), floors)
    return {
        "robustness": picture(png, f"Accuracy of {name} against the strength of each distortion"),
        "accuracies": table(accuracies),
    }


def champion_quality_asset(settings: Settings) -> dg.AssetsDefinition:
    """What there is to say of the champion, whichever network it is and whenever it was trained."""
    bins, confidence = settings.quality.bins, settings.quality.confidence
    ceiling, batch_size = settings.quality.calibration_error, settings.evaluation.batch_size
    measured, floors = _measured(settings), declared_floors(settings.quality)

    @champion.STAGE.asset(
        "json",
        name="quality",
        reads=TEST_PART,
        after=["champion/model"],
        kinds={"tensorflow", "keras"},
        checks=[CALIBRATED, ROBUST, AS_PROMOTED],
    )
    def champion_quality(
        source: DatasetSource, archive: ChampionArchive, test_images: Any, test_labels: Any
    ) -> Stored:
        """How good the champion is on the test part: its accuracy, calibration and robustness."""
        current = archiving.current(archive.path)
        if current is None:
            nothing = Finding(passed=True, message="There is no champion yet.")
            results = [check.result(nothing) for check in (CALIBRATED, ROBUST, AS_PROMOTED)]
            return stored({}, *results, champion="none yet: champion/decision says why")
        model = StoredNetwork(current.model_path).model
        assessed = steps.assess(
            predict(model, test_images, batch_size),
            test_labels,
            bins=bins,
            confidence=confidence,
            mnist=source.facts is not None,
        )
        accuracies = measure_robustness(model, test_images, test_labels, **measured)
        expected = expected_floors(floors, source, test_labels)
        promoted = current.explanation()["metrics"]["test"]
        return stored(
            {**assessed, "version": current.version, "robustness": accuracies.to_dict("records")},
            CALIBRATED.result(check_calibrated(assessed["calibration"], ceiling)),
            ROBUST.result(check_floors(accuracies, expected)),
            AS_PROMOTED.result(steps.check_as_promoted(assessed, promoted)),
            version=current.version,
            **_shown(assessed, f"Champion {current.version}"),
            **_curves(accuracies, expected, f"Champion {current.version}"),
        )

    return champion_quality
