import numpy as np
import pytest

from mnist_assets.errors import InputError
from mnist_assets.networks import memory
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.layers import Dense
from mnist_assets.networks.memory import available_memory, require_memory, training_memory
from mnist_assets.networks.optimizers import SGD, Adam, Nadam, RMSprop
from mnist_assets.networks.training import train_network
from mnist_assets.quality.label_errors import out_of_sample_probabilities
from mnist_assets.study.digits import Digits
from mnist_assets.study.training import Seeds, Study, train_run

# On images of 2 x 2 pixels in three classes: (4 + 1) 10 + (10 + 1) 3 = 83 weights, and for each
# image 4 + 10 + 3 values.
SGD_PLAIN = SGD(kind="sgd", learning_rate=0.1)


def declare(optimizer=SGD_PLAIN, units=10, batch_size=8):
    return Training(
        layers=(Dense(kind="dense", units=units),),
        optimizer=optimizer,
        batch_size=batch_size,
        epochs=1,
        seed=0,
    )


@pytest.mark.parametrize(
    ("optimizer", "copies"),
    [
        (SGD_PLAIN, 2),
        (SGD(kind="sgd", learning_rate=0.1, momentum=0.9), 3),
        (RMSprop(kind="rmsprop", learning_rate=0.1), 3),
        (Adam(kind="adam", learning_rate=0.1), 4),
        (Nadam(kind="nadam", learning_rate=0.1), 4),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_weights_gradients_what_the_optimizer_keeps_and_a_batch_are_counted(optimizer, copies):
    needed = training_memory(declare(optimizer), (2, 2), 3)
    assert needed == 4 * (copies * 83 + 2 * 8 * (4 + 10 + 3))


def test_a_network_is_refused_by_one_byte_with_its_size_and_what_there_is():
    needed = training_memory(declare(), (2, 2), 3)
    require_memory("networks/small", declare(), (2, 2), 3, available=needed)
    with pytest.raises(InputError, match=r"networks/small: found 83 parameters"):
        require_memory("networks/small", declare(), (2, 2), 3, available=needed - 1)


def test_the_widest_networks_that_may_be_declared_take_more_than_this_machine_has():
    wide = declare(units=100_000).model_copy(
        update={"layers": 7 * (Dense(kind="dense", units=100_000),)}
    )
    with pytest.raises(InputError) as refused:
        require_memory("networks/wide", wide, (28, 28), 10, available=16 * 10**9)
    assert refused.value.seen == "60,080,100,010 parameters, which take 480.7 GB to train"
    assert refused.value.expected == "at most the 16.0 GB of memory that there are"
    assert "fewer units or a smaller batch_size" in refused.value.remedy


def test_a_containers_limit_counts_where_it_is_less_than_the_machine_has(tmp_path):
    absent, none, some, more = (tmp_path / name for name in ("absent", "none", "some", "more"))
    none.write_text("max\n")
    some.write_text("1000\n")
    more.write_text(f"{2**62}\n")
    physical = available_memory([])
    assert physical > 10**8
    assert available_memory([absent, none, more]) == physical
    assert available_memory([none, some]) == 1000


IMAGES, LABELS = np.zeros((6, 2, 2), np.uint8), np.array([0, 1, 2] * 2, np.uint8)
FITTED = {"mean": np.zeros((2, 2), np.float32), "std": np.ones((2, 2), np.float32)}
SPLIT = {"train": np.arange(4, dtype=np.int32), "validation": np.arange(4, 6, dtype=np.int32)}


def train():
    options = {"classes": 3, "memory_limit": 1000, "on_epoch": None}
    train_network("small", declare(), IMAGES, LABELS, SPLIT, FITTED, **options)


def find_label_errors():
    options = {"classes": 3, "folds": 2, "seed": 0, "memory_limit": 1000, "batch_size": 2}
    out_of_sample_probabilities(declare(), IMAGES, LABELS, FITTED, **options)


def study():
    common = {"split_seed": 0, "validation_share": 0.3, "std_floor": 25.5, "memory_limit": 1000}
    train_run(
        Digits(IMAGES, LABELS, IMAGES, LABELS),
        Study("small", declare(), 3, SPLIT, **common),
        Seeds(0, 0),
    )


@pytest.mark.parametrize(
    ("begin", "where"),
    [
        (train, "networks/small"),
        (find_label_errors, "evaluation/label_errors"),
        (study, "study/small"),
    ],
)
def test_nothing_is_trained_that_does_not_fit(monkeypatch, begin, where):
    monkeypatch.setattr(memory, "available_memory", lambda: 1000)
    with pytest.raises(InputError, match=f"{where}: found 83 parameters"):
        begin()
