from pathlib import Path

import numpy as np
import pytest

from benchmarks import dvc_stages
from benchmarks.changes import _stages
from benchmarks.evaluate import evaluate
from benchmarks.implementations import ENTRIES
from benchmarks.products import products_of
from benchmarks.searches import SPACE
from benchmarks.work import layers_to_logits
from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.layers import Dense, Dropout
from mnist_assets.networks.optimizers import SGD
from mnist_assets.tuning.search.declaration import Search
from mnist_assets.tuning.search.space import Space
from mnist_assets_tests.benchmarks.work import DENSE, NORMALIZATION, tiny_work, training


def test_the_judge_multiplies_out_the_weights() -> None:
    images = np.array([[[1, 0]], [[0, 1]], [[2, 0]], [[0, 2]]], np.float32)
    swap, identity = np.array([[0, 1], [1, 0]], np.float32), np.eye(2, dtype=np.float32)
    zeros, ones = np.zeros(2, np.float32), np.ones(2, np.float32)
    gamma, beta = np.array([1, 1.5], np.float32), np.array([2, 0], np.float32)
    mean = np.array([1, 0], np.float32)
    weights = [swap, zeros, gamma, beta, mean, ones, identity, zeros]
    layers = layers_to_logits(training(DENSE, NORMALIZATION), classes=2)
    # Swapped, 2 - 1 added to the first, the second times 1.5: [1, 1.5], [2, 0], [1, 3], [3, 0].
    assert evaluate(layers, weights, images, np.array([1, 0, 1, 0], np.uint8)) == 1
    assert evaluate(layers, weights, images, np.array([0, 0, 1, 1], np.uint8)) == 0.5
    # The ReLU makes the first 0 in every image, so that it comes to 1, and negated to -1.
    weights[1], weights[6] = np.array([-3, 0], np.float32), np.diag(np.array([-1, 1], np.float32))
    assert evaluate(layers, weights, images, np.array([1, 1, 1, 1], np.uint8)) == 1


def test_the_judge_refuses_weights_that_are_left_over() -> None:
    layers = layers_to_logits(training(), classes=1)
    weights = [np.ones((1, 1), np.float32), np.ones(1, np.float32), np.ones(1, np.float32)]
    with pytest.raises(ValueError, match="more weights than the layers have"):
        evaluate(layers, weights, np.ones((1, 1, 1), np.float32), np.zeros(1, np.uint8))


@pytest.mark.parametrize(
    "declared",
    [
        training(Dropout(kind="dropout", rate=0.5)),
        training(Dense(kind="dense", units=2, activation="tanh")),
        training(DENSE, optimizer=SGD(kind="sgd", learning_rate=0.1, momentum=0.9)),
    ],
)
def test_what_the_implementations_do_not_know_is_refused(declared: Training) -> None:
    with pytest.raises(InputError, match="as they were declared"):
        layers_to_logits(declared, classes=10)


@pytest.mark.slow
@pytest.mark.parametrize("implementation", ENTRIES)
def test_every_implementation_trains(implementation: str) -> None:
    entry = ENTRIES[implementation]
    if not entry.is_installed:
        pytest.skip(f"{entry.requires} is not installed")
    work = tiny_work()
    trainer = entry.make(work)
    for name, declared in work.trainings.items():
        trained = trainer.train(name, declared)
        assert len(trained.epochs) == declared.epochs
        first, last = trained.epochs[0], trained.epochs[-1]
        assert last.loss < first.loss
        layers = layers_to_logits(declared, work.classes)
        validation = evaluate(layers, trained.weights, *work.part("validation"))
        assert validation == pytest.approx(last.val_accuracy, abs=1e-6)
        assert evaluate(layers, trained.weights, *work.test_part()) > 0.9


def test_every_stage_of_dvc_is_a_command_and_reads_what_another_makes() -> None:
    stages = _stages()
    made = {file for stage in stages.values() for file in stage["outs"]}  # type: ignore[attr-defined]
    for name, stage in stages.items():
        command = str(stage["cmd"]).split()[3]
        assert command in dvc_stages.main.commands, name
        read = {file for file in stage["deps"] if not Path(file).is_absolute()}  # type: ignore[attr-defined]
        assert read <= made, name


def test_the_space_that_is_searched_is_one() -> None:
    declared = Search.model_validate(SPACE)
    corners = list(Space(declared.training, "benchmark").corners())
    assert {len(training.layers) for training in corners} == {1, 2}


def test_an_update_has_the_products_of_its_dense_layers() -> None:
    """Of the first layer none for its inputs, which are data."""
    of = list(products_of(training(DENSE, NORMALIZATION), pixels=6, classes=3))
    assert [product[1:] for product in of] == [
        (8, 6, 2),
        (6, 8, 2),
        (8, 2, 3),
        (2, 8, 3),
        (8, 3, 2),
    ]
    assert of[0].operations == 2 * 8 * 6 * 2
    assert len({product.name for product in of}) == 5
