"""Search the same small space with one implementation, timed; the result is printed as JSON.

Each makes so many trials, one after the other in one process, judged on the validation images. Time
runs from the first trial's beginning to the last one's end; processor time includes some imports.
"""

# KerasTuner is optional, and has no types.
# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmarks.work import Work, load_work
from mnist_assets.networks.loop.compile_cache import use_compile_cache
from mnist_assets.tuning.search.declaration import Search
from mnist_assets.tuning.search.space import Space
from mnist_assets.tuning.search.study import Goal
from mnist_assets.tuning.search.trials import TrainingPart
from mnist_assets.tuning.search.workers import Budget, search

if TYPE_CHECKING:
    from collections.abc import Callable

# About the `simplest` network, which the notebook tuned most: its batch size, epochs, widths.
UNITS, RATES, BATCH_SIZE, EPOCHS = (8, 128), (0.0003, 0.01), 32, 13
SPACE = {
    "description": "One or two layers of neurons, and Adam's learning rate.",
    "training": {
        "layers": [
            {
                "kind": "dense",
                "units": {"tune": "units_1", "low": UNITS[0], "high": UNITS[1], "log": True},
            },
            {
                "tune": "depth",
                "choose": {
                    1: [],
                    2: [
                        {
                            "kind": "dense",
                            "units": {
                                "tune": "units_2",
                                "low": UNITS[0],
                                "high": UNITS[1],
                                "log": True,
                            },
                        }
                    ],
                },
            },
        ],
        "optimizer": {
            "kind": "adam",
            "learning_rate": {"tune": "rate", "low": RATES[0], "high": RATES[1], "log": True},
        },
        "batch_size": BATCH_SIZE,
        "epochs": EPOCHS,
        "seed": 1,
    },
}
Result = dict[str, float]


def this_search(work: Work, trials: int, folder: Path) -> Result:
    """Search as `mnist-assets tune search --processes 1` does, with nothing compiled before."""
    import pandas as pd
    import tensorflow as tf

    use_compile_cache(folder / "compiled")
    del pd  # only imported, since imports are not timed
    tf.constant(0)
    declared = Search.model_validate(SPACE)
    part = TrainingPart(
        work.dataset.train_images,
        work.dataset.train_labels,
        work.split,
        work.normalization,
        work.classes,
        work.memory_limit,
    )
    goal = Goal("benchmark", declared, Space(declared.training, "benchmark"), part)
    address = f"sqlite:///{folder}/tuning.db"
    started = time.perf_counter()
    made = list(search(goal, address, Budget(trials=trials)))
    seconds = time.perf_counter() - started
    told = [trial.user_attrs for trial in made]
    return {
        "seconds": seconds,
        "training_seconds": sum(of["training_seconds"] for of in told),
        "compile_seconds": sum(of["compile_seconds"] for of in told),
        "best_validation_accuracy": max(of["validation_accuracy"] for of in told),
    }


def keras_tuner(work: Work, trials: int, folder: Path) -> Result:
    """KerasTuner's Bayesian optimisation with `fit`, as its guide has it."""
    import keras
    import keras_tuner as kt

    images, labels = work.part("train")
    validation = work.part("validation")
    training = 0.0

    class Timed(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            del epoch, logs
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            del epoch, logs
            nonlocal training
            training += time.perf_counter() - self.started

    def build(values: Any) -> keras.Model:
        layers = [keras.Input((*images.shape[1:], 1)), keras.layers.Flatten()]
        for number in range(values.Choice("depth", [1, 2])):
            units = values.Int(f"units_{number + 1}", *UNITS, sampling="log")
            layers.append(keras.layers.Dense(units, activation="relu"))
        model = keras.Sequential([*layers, keras.layers.Dense(work.classes, "softmax")])
        rate = values.Float("rate", *RATES, sampling="log")
        model.compile(
            keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model

    tuner = kt.BayesianOptimization(
        build, "val_accuracy", max_trials=trials, seed=1, directory=folder, project_name="search"
    )
    started = time.perf_counter()
    tuner.search(
        images[..., None],
        labels,
        validation_data=(validation[0][..., None], validation[1]),
        batch_size=BATCH_SIZE,
        epochs=EPOCHS,
        callbacks=[Timed()],
        verbose=0,
    )
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "training_seconds": training,
        "compile_seconds": 0.0,
        "best_validation_accuracy": tuner.oracle.get_best_trials(1)[0].score,
    }


OURS, KERAS_TUNER = "this search", "KerasTuner with fit"
SEARCHES: dict[str, Callable[[Work, int, Path], Result]] = {
    OURS: this_search,
    KERAS_TUNER: keras_tuner,
}


@click.command()
@click.argument("implementation", type=click.Choice(tuple(SEARCHES)))
@click.argument("trials", type=click.IntRange(min=1))
def main(implementation: str, trials: int) -> None:
    """Print the seconds of all trials and of their trainings, and the best accuracy."""
    work = load_work()
    with tempfile.TemporaryDirectory() as folder:
        before = time.process_time()
        result = SEARCHES[implementation](work, trials, Path(folder))
        result["processor_seconds"] = time.process_time() - before
    click.echo(json.dumps(result))


if __name__ == "__main__":
    main()
