"""Runs one after another give what training alone gives, are kept at once, and are gone on with."""

import json
import math
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from mnist_assets.declarations.places import PROJECT
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.optimizers import SGD
from mnist_assets.networks.training import train_network
from mnist_assets.preparation.normalization import fit_normalization
from mnist_assets.preparation.split import split_indices
from mnist_assets.study import training as study_training
from mnist_assets.study.runs import KeptRuns, fingerprint, remove_others, run_of, versions_of
from mnist_assets.study.training import Digits, Run, Seeds, Study, tabulate, train_run
from mnist_assets.study.workers import Workers

DENSE = {"kind": "dense", "units": 8}
ADAM = {"kind": "adam", "learning_rate": 0.02}
MOMENTUM = {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.9}
SHARE, FLOOR, LIMIT = 0.2, 25.5, 10**9


def declare(layers=(DENSE,), optimizer=ADAM, **other):
    return Training(
        **{"layers": layers, "optimizer": optimizer, "batch_size": 16, "epochs": 2, "seed": 5}
        | other
    )


def make_study(training=None, **other):
    common = {"split": split_indices(200, SHARE, 3), "split_seed": 3, "validation_share": SHARE}
    common |= {"std_floor": FLOOR, "memory_limit": LIMIT, "classes": 3}
    return Study(**{"network": "tiny", "training": training or declare()} | common | other)


def make_digits(count, seed):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 3, count).astype(np.uint8)
    images = generator.integers(0, 220, (count, 4, 5)).astype(np.uint8)
    images[np.arange(count), labels] //= 2
    return images, labels


@pytest.fixture(scope="module")
def digits():
    return Digits(*make_digits(200, 0), *make_digits(70, 1))


def train_alone(digits, study, seeds):
    """What `train_network` gives with these seeds: weights, validation and test accuracy."""
    images, labels = digits.train_images, digits.train_labels
    split = split_indices(len(labels), SHARE, seeds.split)
    trained, _ = train_network(
        "alone",
        study.training.model_copy(update={"seed": seeds.training}),
        images,
        labels,
        split,
        fit_normalization(images, split["train"], FLOOR),
        classes=3,
        memory_limit=study.memory_limit,
        on_epoch=lambda epoch: None,
    )
    pixels = digits.test_images[..., None].astype(np.float32)
    predicted = trained.model.predict(pixels, verbose=0).argmax(axis=1)
    test = (predicted == digits.test_labels).mean()
    return weights(trained.model), trained.history["val_accuracy"].iloc[-1], test


def weights(model):
    return b"".join(array.tobytes() for array in model.get_weights())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layers", "other"),
    [
        ([DENSE, {"kind": "batch_normalization"}], {}),
        ([DENSE, {"kind": "dropout", "rate": 0.3}], {}),
        ([DENSE], {"optimizer": MOMENTUM, "batch_size": 40}),  # no partial batch
        ([DENSE], {"loss": "sparse_categorical_crossentropy"}),
    ],
)
def test_every_run_gives_the_bytes_of_training_alone_whatever_ran_before(layers, other, digits):
    study = make_study(declare(layers, **other))
    first = train_run(digits, study, Seeds(5, 3))
    compilations = study_training._trainer.cache_info().misses
    run = train_run(digits, study, Seeds(0, 9))
    mine = weights(last_model(digits, study))
    assert (mine, run.validation_accuracy, run.test_accuracy) == train_alone(
        digits, study, Seeds(0, 9)
    )
    again = train_run(digits, study, Seeds(5, 3))
    assert replace(again, seconds=0) == replace(first, seconds=0)
    assert study_training._trainer.cache_info().misses == compilations


@pytest.mark.slow
def test_another_learning_rate_and_other_epochs_need_no_compilation(digits):
    train_run(digits, make_study(), Seeds(1, 3))
    compilations = study_training._trainer.cache_info().misses
    other = make_study(declare(optimizer=ADAM | {"learning_rate": 0.003}, epochs=3))
    run = train_run(digits, other, Seeds(1, 2))
    mine = weights(last_model(digits, other))
    assert study_training._trainer.cache_info().misses == compilations
    assert (mine, run.validation_accuracy, run.test_accuracy) == train_alone(
        digits, other, Seeds(1, 2)
    )


def test_a_schedule_is_compiled_for_its_rate_and_its_epochs():
    cosine = declare(schedule={"kind": "cosine"})
    alike = study_training.compiled_alike
    assert alike(cosine) != alike(cosine.model_copy(update={"epochs": 3}))
    assert alike(declare()) == alike(declare(epochs=3, seed=9))
    assert alike(declare()) != alike(declare(batch_size=8))


def last_model(digits, study):
    training = study_training.compiled_alike(study.training)
    size = len(study.split["train"])
    return study_training._trainer(
        training, digits.train_images.shape[1:], 3, size, size
    )._loop.model


@pytest.mark.slow
def test_images_read_in_chunks_give_the_same_as_training_alone(digits):
    study = make_study(memory_limit=50 * 20)
    run = train_run(digits, study, Seeds(1, 2))
    assert (run.validation_accuracy, run.test_accuracy) == train_alone(
        digits, study, (Seeds(1, 2))
    )[1:]


@pytest.mark.slow
def test_the_declared_split_is_taken_as_it_is_given(digits):
    swapped = {"train": np.arange(160, dtype=np.int32), "validation": np.arange(160, 200)}
    given = train_run(digits, make_study(split=swapped), Seeds(1, 3))
    assert replace(given, seconds=0) != replace(
        train_run(digits, make_study(), Seeds(1, 3)), seconds=0
    )


def sgd(learning_rate):
    """The optimizer with a learning rate that no declaration may have."""
    return SGD.model_construct(kind="sgd", learning_rate=learning_rate)


@pytest.mark.slow
def test_a_loss_that_is_not_finite_makes_a_failed_run_and_spoils_no_other(digits):
    diverging = make_study(declare(optimizer=sgd(1e30)))
    run = train_run(digits, diverging, Seeds(1, 3))
    assert math.isnan(run.validation_accuracy)
    assert math.isnan(run.test_accuracy)
    assert "NaN or infinite" in run.failure
    again = train_run(digits, make_study(), Seeds(1, 3))
    assert again.failure is None


@pytest.mark.slow
def test_a_loss_that_only_the_last_update_ruined_makes_a_failed_run(digits):
    one_update = declare(optimizer=sgd(1e38), batch_size=160, epochs=1)
    run = train_run(digits, make_study(one_update), Seeds(1, 3))
    assert run.failure == "the last update: a loss that is NaN or infinite after it"


def test_a_plan_varies_one_seed_at_a_time():
    plan = make_study().plan(3)
    assert plan["training"] == [(0, 3), (1, 3), (2, 3)]
    assert plan["split"] == [(5, 0), (5, 1), (5, 2)]


def test_a_table_has_a_row_for_each_planned_run():
    plan = {"training": [Seeds(0, 3), Seeds(1, 3)], "split": [Seeds(1, 3)]}
    runs = {
        Seeds(0, 3): Run(0, 3, 0.9, 0.8, 1.5, None),
        Seeds(1, 3): Run(1, 3, math.nan, math.nan, 0.5, "diverged"),
    }
    table = tabulate(plan, runs)
    assert list(table["kind"]) == ["training", "training", "split"]
    assert list(table["seed"]) == [0, 1, 3]
    assert table["failure"].to_list()[1:] == ["diverged", "diverged"]
    assert table["validation_accuracy"].iloc[0] == 0.9


def test_what_is_mapped_from_a_file_goes_to_another_process_as_its_path(tmp_path):
    images, labels = make_digits(50, 0)
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    digits = Digits(mapped, labels, mapped[:20], labels[:20])
    sent = pickle.dumps(digits)
    assert len(sent) < images.nbytes
    received = pickle.loads(sent)  # noqa: S301 - made here
    assert isinstance(received.train_images, np.memmap)
    for mine, theirs in zip(vars(digits).values(), vars(received).values(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


RUNS = [Run(0, 3, 0.9, 0.8, 1.5, None), Run(5, 2, math.nan, math.nan, 0.1, "epoch 1: NaN")]


def test_kept_runs_are_read_back(tmp_path):
    kept = KeptRuns(tmp_path, "abc", run_of)
    assert kept.read() == {}
    for run in RUNS:
        kept.keep(run)
    again = KeptRuns(tmp_path, "abc", run_of).read()
    assert again[Seeds(0, 3)] == RUNS[0]
    assert again[Seeds(5, 2)].failure == "epoch 1: NaN"
    assert math.isnan(again[Seeds(5, 2)].test_accuracy)
    plain = json.loads((tmp_path / "abc" / "training_0_split_3.json").read_text())
    assert plain["validation_accuracy"] == 0.9


@pytest.mark.parametrize("damaged", ["", '{"training_seed": 0', "[]", "{}", '{"test_accuracy": 1}'])
def test_a_damaged_file_counts_as_no_run(tmp_path, damaged):
    kept = KeptRuns(tmp_path, "abc", run_of)
    for run in RUNS:
        kept.keep(run)
    (tmp_path / "abc" / "training_0_split_3.json").write_text(damaged)
    (tmp_path / "abc" / "training_7_split_3.part").write_text("{")
    assert list(kept.read()) == [Seeds(5, 2)]


def test_runs_that_something_else_decided_are_not_read_and_removed_in_the_end(tmp_path):
    KeptRuns(tmp_path, "old", run_of).keep(RUNS[0])
    kept = KeptRuns(tmp_path, "new", run_of)
    assert kept.read() == {}
    kept.keep(RUNS[1])
    remove_others(tmp_path, ["new"])
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    assert len(kept.read()) == 1


def test_everything_that_decides_a_run_but_its_seed_changes_the_fingerprint(digits):
    study, seen, digits = make_study(), digits, versions_of(digits)
    first = fingerprint(digits, study, "code")
    other_labels = versions_of(replace(seen, train_labels=seen.train_labels[::-1].copy()))
    changed = [
        fingerprint(digits, study, "code", normalization="none"),
        fingerprint(digits, study, "other code"),
        fingerprint(other_labels, study, "code"),
        *(
            fingerprint(digits, other, "code")
            for other in (
                make_study(declare(epochs=3)),
                make_study(declare([DENSE, DENSE])),
                make_study(declare(optimizer=MOMENTUM)),
                make_study(split=split_indices(200, SHARE, 4)),
                make_study(std_floor=1.0),
                make_study(validation_share=0.3),
                make_study(memory_limit=1000),
            )
        ),
    ]
    assert len({first, *changed}) == 1 + len(changed)
    assert fingerprint(digits, make_study(declare(seed=6)), "code") == first
    assert fingerprint(digits, replace(study, network="renamed"), "code") == first


def test_one_process_trains_here_and_stops_where_it_is_left(digits, monkeypatch):
    trained = []
    monkeypatch.setattr(
        "mnist_assets.study.workers.train_run",
        lambda digits, study, seeds: trained.append(seeds) or Run(*seeds, 0.9, 0.9, 1.0, None),
    )
    todo = [Seeds(seed, 3) for seed in range(4)]
    with closing(Workers(1)) as workers:
        runs = workers.train(digits, make_study(), todo)
        assert [next(runs).seeds, next(runs).seeds] == todo[:2]
    assert trained == todo[:2]


def test_where_no_process_may_be_started_this_one_trains(monkeypatch):
    monkeypatch.setattr("mnist_assets.study.workers.count_cores", lambda: 2)
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    with closing(Workers(2)) as workers:
        assert list(workers.each(lambda _: os.getpid(), "ab")) == [os.getpid()] * 2


@pytest.mark.slow
def test_processes_give_what_one_gives(digits, tmp_path):
    study = make_study(declare([DENSE, {"kind": "batch_normalization"}]))
    todo = [Seeds(0, 3), Seeds(1, 3), Seeds(5, 0), Seeds(5, 1)]
    with closing(Workers(2)) as workers:
        workers._cores = workers._processes = 2  # however many this machine has
        runs = {run.seeds: replace(run, seconds=0) for run in workers.train(digits, study, todo)}
        again = {run.seeds: replace(run, seconds=0) for run in workers.train(digits, study, todo)}
    alone = {seeds: replace(train_run(digits, study, seeds), seconds=0) for seeds in todo}
    assert runs == again == alone


KILLED = """
import sys
from mnist_assets_tests.study.test_training import *
if __name__ == "__main__":
    workers = Workers(2)
    workers._cores = workers._processes = 2
    digits = Digits(*make_digits(200, 0), *make_digits(70, 1))
    endless = make_study(declare(epochs=100_000))
    pool = workers._started_pool()
    print(*[pool.submit(os.getpid).result() for _ in range(4)], flush=True)
    list(workers.train(digits, endless, [Seeds(0, 3), Seeds(1, 3)]))
"""


@pytest.mark.slow
def test_processes_end_with_a_parent_that_was_killed(tmp_path):
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    with subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    ) as parent:
        workers = {int(process) for process in parent.stdout.readline().split()}
        assert workers
        time.sleep(1)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while any(is_running(process) for process in workers):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_running(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
