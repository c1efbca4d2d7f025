"""The whole graph on datasets that are larger than a fast test makes: in classes, and in images."""

import dagster as dg
import numpy as np
import pytest

from mnist_assets.dataset.loading import MNIST, load_dataset
from mnist_assets.declarations.places import BUNDLED_DATASET
from mnist_assets_tests.dataset.made_up import make_part, write_files
from mnist_assets_tests.tiny import Project, without_xla

pytestmark = pytest.mark.slow

CLASSES = 49
NETWORK = """
networks:
  small:
    description: Learns quickly.
    training:
      layers: [{kind: dense, units: 32}]
      optimizer: {kind: adam, learning_rate: 0.003}
      batch_size: 128
      epochs: 3
      seed: 1
    thresholds: {validation_accuracy: 0.95, generalization_gap: 0.2}
    parameters: {total: 25450, trainable: 25450}
"""


def make_everything(folder, epochs=3, **arrays):
    """A project over these four arrays, what came of it, and the keys that there are to make."""
    project = Project.create(folder)
    (folder / "networks.yaml").write_text(NETWORK.replace("epochs: 3", f"epochs: {epochs}"))
    write_files(folder / "mine", **arrays)
    project = project.at(dataset=str(folder / "mine"))
    with project.instance() as instance:
        outcome = project.update(instance)
        keys = {key.to_user_string() for key in project.graph(instance).keys}
    assert outcome.success, outcome.failures()
    assert set(outcome.made) == keys
    return project, outcome


def warnings_of(outcome):
    """The checks that failed, all of which only warn."""
    found = {name: check for name, check in outcome.checks().items() if not check.passed}
    assert {check.severity for check in found.values()} <= {dg.AssetCheckSeverity.WARN}
    return found


def test_49_classes_are_explored_learnt_and_told_of(tmp_path):
    train_images, train_labels = make_part(40 * CLASSES, 28, CLASSES, 0)
    test_images, test_labels = make_part(10 * CLASSES, 28, CLASSES, 1)
    with without_xla():
        project, outcome = make_everything(
            tmp_path,
            train_images=train_images,
            train_labels=train_labels.astype(np.uint8),
            test_images=test_images,
            test_labels=test_labels.astype(np.uint8),
        )
    warnings = warnings_of(outcome)
    assert "report/notebook:pictures" not in warnings
    # What only warns keeps no network from becoming the champion.
    assert "preparation/split:class_shares" in warnings
    assert project.path("champion/current/model", "keras").is_file()
    page = project.path("report/notebook", "html")
    assert page.stat().st_size < 5_000_000
    assert "A picture that is missing" not in page.read_text()


def harder(images, labels, seed):
    """MNIST's images under noise and over a second image, 12 % of them labelled at random."""
    generator = np.random.default_rng(seed)
    blended = np.maximum(images, images[generator.permutation(len(images))] // 3)
    noise = generator.integers(0, 80, (1000, 28, 28), np.uint8)
    blended = np.maximum(blended, noise[np.arange(len(images)) % 1000])
    wrong = generator.random(len(labels)) < 0.12
    anything = generator.integers(0, 10, len(labels)).astype(np.uint8)
    return blended, np.where(wrong, anything, labels).astype(np.uint8)


def test_harder_images_end_in_a_warning(tmp_path):
    dataset = load_dataset(BUNDLED_DATASET, MNIST).dataset
    images, labels = dataset.train_images[:20_000], dataset.train_labels[:20_000]
    train_images, train_labels = harder(images, labels, 0)
    test_images, test_labels = harder(dataset.test_images, dataset.test_labels, 1)
    project, outcome = make_everything(
        tmp_path,
        epochs=1,
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
    )
    few = warnings_of(outcome)["evaluation/label_errors:few"]
    assert few.metadata["seen share"].value > 0.05
    assert project.path("champion/current/model", "keras").is_file()
    assert project.path("report/notebook", "html").is_file()
