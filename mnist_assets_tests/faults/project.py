"""The small project that faults are put into, and what comes of one."""

import shutil
from dataclasses import dataclass

import dagster as dg
import numpy as np
import pytest

from mnist_assets.dataset.loading import Dataset
from mnist_assets.orchestration.runs import failure_reason
from mnist_assets_tests.tiny import Project, blank_pictures, write_arrays

REPORT = "report/notebook"
SIDE, CLASSES = 12, 4
NETWORKS = """
networks:
  normalised:
    description: With batch normalisation.
    training:
      layers: [{kind: dense, units: 16}, {kind: batch_normalization}]
      optimizer: {kind: sgd, learning_rate: 0.1, momentum: 0.9}
      batch_size: 50
      epochs: 3
      seed: 1
    thresholds: {validation_accuracy: 0.9, generalization_gap: 0.5}
    parameters: {total: 0, trainable: 0}
  small:
    description: Learns its training images by heart.
    training:
      layers: [{kind: dense, units: 32}]
      optimizer: {kind: adam, learning_rate: 0.01}
      batch_size: 50
      epochs: 30
      seed: 1
    thresholds: {validation_accuracy: 0.9, generalization_gap: 0.5}
    parameters: {total: 0, trainable: 0}
"""
# Networks misread a quarter of these noisy images, are too sure of it and learn the rest by heart.
SETTINGS_CHANGES = {
    "validation_share: 0.1": "validation_share: 0.25",
    "largest_share: 0.01": "largest_share: 0.2",
    "calibration_error: 0.015": "calibration_error: 0.25",
}


def make_digits(count, seed, contrast=14):
    """Square images that no turning leaves as they are, and their labels.

    They are so noisy that networks misread a quarter; with ten times the contrast, none.
    """
    generator = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.uint8) % CLASSES
    images = generator.integers(0, 90, (count, SIDE, SIDE)).astype(np.uint8)
    for label in range(CLASSES):
        images[labels == label, 3 * label : 3 * label + 2, :8] += contrast
    images[:, 0, 0] = 0  # a pixel that is constant in both parts
    return images, labels


def make_dataset(**options):
    return Dataset(*make_digits(600, 0, **options), *make_digits(400, 1, **options))


@dataclass(frozen=True)
class Seen:
    """What came of a fault.

    Attributes:
        stopped_by: The first blocking check that failed, or the step that refused to go on.
        said: What the check, or the step, said about it.
        made: The assets that were made in spite of it.
        warned_by: The checks that failed, but only warn, sorted.
    """

    stopped_by: str | None
    said: str
    made: list
    warned_by: tuple


def create_project(folder):
    """A project to put faults into, with nothing made yet."""
    project = Project.create(folder)
    write_arrays(folder / "raw", *make_dataset())
    (folder / "networks.yaml").write_text(NETWORKS)
    for old, new in SETTINGS_CHANGES.items():
        project.edit("settings.yaml", old, new)
    return project


def run(project, selection):
    """Make everything of a selection that leads to the report, whether it has to be or not."""
    wanted = f'({selection}) and +key:"{REPORT}"'
    with (
        dg.DagsterInstance.ephemeral(tempdir=str(project.folder / "history")) as instance,
        blank_pictures(),
    ):
        return project.update(instance, wanted, force=True)


def put_into_graph(fault, made):
    """Put one fault into a copy of a project and bring the report up to date.

    Args:
        fault: The fault.
        made: A project with everything made that does not follow from what is run first; the copy
            goes beside it, in the place of the last.
    """
    folder = copy_of(made)
    shutil.rmtree(folder, ignore_errors=True)
    with pytest.MonkeyPatch.context() as patch:
        project = fault.put(made.copy(folder), patch)
        outcome = run(project, f"({fault.rerun})+")
    stopped_by, said = first_failure(outcome)
    warned_by = tuple(
        sorted(  # which runs first is nothing that a fault decides
            name
            for name, check in outcome.checks().items()
            if not check.passed and check.severity == dg.AssetCheckSeverity.WARN
        )
    )
    return Seen(stopped_by, said.replace(str(project.folder), "..."), outcome.made, warned_by)


def copy_of(made):
    """The folder of a project's copy, into which faults are put."""
    return made.folder.with_name(f"{made.folder.name}-copy")


def first_failure(outcome):
    """The first blocking check that failed, or step that raised, and what it said."""
    for result in outcome.results:
        for event in result.all_events:
            if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                evaluation = event.asset_check_evaluation_data
                if not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR:
                    asset = evaluation.asset_key.to_user_string()
                    return f"{asset}:{evaluation.check_name}", evaluation.description
            elif event.is_step_failure:
                said = failure_reason(event.step_failure_data.error)
                return f"{event.step_key.replace('__', '/')}: error", said
    return None, ""
