"""Faults in the networks: in how they are trained, and in how they are stored."""

from dataclasses import replace
from functools import cache

import numpy as np

from mnist_assets.evaluation import predictions, scores
from mnist_assets.networks import assets as network_assets
from mnist_assets.networks.loop import training_loop
from mnist_assets.networks.model import build_network
from mnist_assets.networks.storage import NetworkStorage
from mnist_assets.orchestration.storage.addresses import look
from mnist_assets_tests.faults.fault import Fault, around, in_function
from mnist_assets_tests.faults.preparation import SPLIT
from mnist_assets_tests.faults.project import CLASSES, make_dataset

# --- training ---


def in_training(change, network="small"):
    """Change the training of one network: given `train`, its arguments, and `labels` at last."""

    def put(project, patch):
        def changed(train, name, *args, **kwargs):
            return (change if name == network else _as_it_is)(train, name, *args, **kwargs)

        around(patch, network_assets, "train_network", changed)
        return project

    return put


def _as_it_is(train, *args, **kwargs):
    return train(*args, **kwargs)


@cache
def sound_training(train):
    """What came of each sound training by a function, which takes a second, by what was trained."""
    return {}


def trained_soundly(train, name, training, images, labels, split, normalization, **options):
    """A network trained as it should be, on a project's own images; trained but once."""
    outcomes, trained_on = sound_training(train), (name, training, images.shape)
    if trained_on not in outcomes:
        outcomes[trained_on] = train(
            name, training, images, labels, split, normalization, **options
        )
    trained, speed = outcomes[trained_on]
    model = build_network(
        training.layers, normalization, classes=CLASSES, seed=training.seed, name=name
    )
    model.set_weights(trained.model.get_weights())
    return replace(trained, model=model), speed


def with_other_layers(train, name, training, *args, **kwargs):
    layers = (training.layers[0].model_copy(update={"units": 31}),)
    return train(name, training.model_copy(update={"layers": layers}), *args, **kwargs)


def out_of_step(train, name, training, images, labels, split, *args, **kwargs):
    """Each training image has the label of the one before it."""
    before = np.roll(labels, 1)
    labels = np.array(labels)
    labels[split["train"]] = before[split["train"]]
    return train(name, training, images, labels, split, *args, **kwargs)


def with_weights_of_another_training(train, name, training, *args, **kwargs):
    """The history of this training, the weights of another, shorter one."""
    trained, speed = trained_soundly(train, name, training, *args, **kwargs)
    shorter = training.model_copy(update={"seed": 99, "epochs": 1})
    other, _ = train(name, shorter, *args, **kwargs)
    return replace(trained, model=other.model), speed


def with_too_sure_answers(train, *args, **kwargs):
    """The answers stay the same, their probabilities do not."""
    trained, speed = trained_soundly(train, *args, **kwargs)
    weights = trained.model.get_weights()
    trained.model.set_weights([*weights[:-2], 1.1 * weights[-2], 1.1 * weights[-1]])
    return trained, speed


def with_training_figures_for_validation(train, *args, **kwargs):
    trained, speed = trained_soundly(train, *args, **kwargs)
    history = trained.history
    copied = history.assign(val_loss=history["loss"], val_accuracy=history["accuracy"])
    return replace(trained, history=copied), speed


def with_loss_lost(train, *args, **kwargs):
    trained, speed = trained_soundly(train, *args, **kwargs)
    losses = [*trained.history["loss"][:-1], np.nan]
    return replace(trained, history=trained.history.assign(loss=losses)), speed


def always_the_same_class(train, name, training, images, labels, split, *args, **kwargs):
    """A network that gives one class whatever it sees, the commonest, and owns up to it."""
    trained, speed = trained_soundly(train, name, training, images, labels, split, *args, **kwargs)
    validated = np.asarray(labels)[split["validation"]]
    weights = trained.model.get_weights()
    bias = 3.0 * np.eye(CLASSES, dtype=np.float32)[np.bincount(validated).argmax()]
    trained.model.set_weights([*weights[:-2], 0 * weights[-2], bias])
    given = predictions.predict(trained.model, images[split["validation"]], 1000)
    evaluated = scores.evaluate_part(given, validated, CLASSES)
    history = trained.history.assign(val_accuracy=evaluated["accuracy"], val_loss=evaluated["loss"])
    return replace(trained, history=history), speed


def trained_on_test(count):
    """Training images joined by the first `count` test images, in no other asset's sight."""

    def train_on_test(train, name, training, images, labels, split, *args, **kwargs):
        arrays = make_dataset()
        count_before = len(images)
        images = np.concatenate([images, arrays.test_images[:count]])
        labels = np.concatenate([labels, arrays.test_labels[:count]])
        added = np.arange(count_before, len(images), dtype=np.int32)
        split = split | {"train": np.concatenate([split["train"], added])}
        return train(name, training, images, labels, split, *args, **kwargs)

    return train_on_test


def trained_on_validation(train, name, training, images, labels, split, *args, **kwargs):
    everything = np.concatenate([split["train"], split["validation"]])
    split = split | {"train": everything}
    return train(name, training, images, labels, split, *args, **kwargs)


def with_a_hundredfold_rate(build, optimizer, *schedule):
    rate = 100 * optimizer.learning_rate
    return build(optimizer.model_copy(update={"learning_rate": rate}), *schedule)


TRAIN = "networks/assets.py, train_network"
SMALL, NORMALISED = 'key:"networks/small"', 'key:"networks/normalised"'

IN_TRAINING = [
    Fault(
        "other layers than declared",
        TRAIN,
        in_training(with_other_layers),
        SMALL,
        "networks/small:parameters",
    ),
    Fault(
        "learning rate 100 times too large",
        "networks/loop/training_loop.py, build_optimizer (SGD)",
        in_function(training_loop, "build_optimizer", with_a_hundredfold_rate),
        NORMALISED,
        "networks/normalised: error",
    ),
    Fault(
        "a loss that is no number",
        TRAIN,
        in_training(with_loss_lost),
        SMALL,
        "networks/small_history:loss_finite",
    ),
    Fault(
        "training images out of step with their labels by one",
        TRAIN,
        in_training(out_of_step),
        SMALL,
        "networks/small_history:validation_accuracy",
    ),
    Fault(
        "a network that predicts one class",
        TRAIN,
        in_training(always_the_same_class),
        SMALL,
        "evaluation/small:better_than_guessing",
    ),
    Fault(
        "weights of another training of the same network",
        TRAIN,
        in_training(with_weights_of_another_training),
        SMALL,
        "evaluation/small:accuracy_as_in_history",
    ),
    Fault(
        "weights that answer the same, but too surely",
        TRAIN,
        in_training(with_too_sure_answers),
        SMALL,
        "evaluation/small:loss_as_in_history",
    ),
    Fault(
        "training figures passed off as validation's (as in the notebook)",
        TRAIN,
        in_training(with_training_figures_for_validation),
        SMALL,
        "evaluation/small:accuracy_as_in_history",
    ),
    Fault(
        "test images used in training",
        TRAIN,
        in_training(trained_on_test(400)),
        SMALL,
        "evaluation/small:test_like_validation",
    ),
    Fault(
        "validation images used in training",
        TRAIN,
        in_training(trained_on_validation),
        SMALL,
        "evaluation/small:test_like_validation",
    ),
]

# --- the stored network ---


def keep_old_file(patch):
    """Storing a network leaves the file of an earlier training in place."""
    patch.setattr(NetworkStorage, "place", lambda self, written, to: look(to))


def stale_after_new_declaration(project, patch):
    keep_old_file(patch)
    project.edit("networks.yaml", "epochs: 30", "epochs: 29")
    return project


def stale_after_new_split(project, patch):
    keep_old_file(patch)
    project.edit("settings.yaml", "  seed: 0\n  false_alarm", "  seed: 1\n  false_alarm")
    return project


def file_of_another_network(project, patch):
    around(
        patch,
        NetworkStorage,
        "read",
        lambda read, storage, path: read(storage, path.with_name("normalised.keras")),
    )
    return project


IN_STORAGE = [
    Fault(
        "a stale model evaluated, trained before its declaration changed",
        "networks/storage.py, NetworkStorage",
        stale_after_new_declaration,
        SMALL,
        "networks/small_history:as_declared",
    ),
    Fault(
        "a stale model evaluated, trained on another split",
        "networks/storage.py, NetworkStorage",
        stale_after_new_split,
        SPLIT,
        "evaluation/normalised_predictions:as_by_hand",
    ),
    Fault(
        "weights of another network",
        "networks/storage.py, NetworkStorage",
        file_of_another_network,
        'key:"networks/small_history"',
        "networks/small_history:as_declared",
    ),
]
