import numpy as np
import pytest

from mnist_assets.networks.declaration import Training
from mnist_assets.networks.history import until_kept
from mnist_assets.networks.stored import StoredNetwork
from mnist_assets.networks.training import train_network

pytestmark = pytest.mark.slow

TRAINING = Training(
    layers=[{"kind": "dense", "units": 8}, {"kind": "dropout", "rate": 0.2}],
    optimizer={"kind": "adam", "learning_rate": 0.02},
    batch_size=16,
    epochs=3,
    seed=1,
)
# To compile dropout takes three seconds.
WITHOUT_DROPOUT = TRAINING.model_copy(update={"layers": TRAINING.layers[:1]})


@pytest.fixture(scope="module")
def digits():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 200).astype(np.uint8)
    images = generator.integers(0, 120, (200, 4, 5)).astype(np.uint8)
    images[np.arange(200), labels] += 100
    return images, labels


def train(
    digits, training=TRAINING, memory_limit=10**9, on_epoch=lambda epoch: None, log_folder=None
):
    images, labels = digits
    order = np.random.default_rng(2).permutation(200).astype(np.int32)
    return train_network(
        "tiny",
        training,
        images,
        labels,
        {"train": order[:170], "validation": order[170:]},
        {
            "mean": images.mean(axis=0).astype(np.float32),
            "std": images.std(axis=0).astype(np.float32),
        },
        classes=3,
        memory_limit=memory_limit,
        on_epoch=on_epoch,
        log_folder=log_folder,
    )


def weights(trained):
    return b"".join(array.tobytes() for array in trained.model.get_weights())


@pytest.fixture(scope="module")
def first(digits):
    """The first training of the process, not to be changed; its speed, and each epoch told."""
    seen = []
    return *train(digits, on_epoch=seen.append), seen


def test_it_learns_and_its_history_has_a_row_an_epoch(first):
    trained, speed, seen = first
    history = trained.history
    assert list(history["epoch"]) == [1, 2, 3] == [epoch.epoch for epoch in seen]
    assert history["val_accuracy"].iloc[-1] > 0.9
    assert history["loss"].is_monotonic_decreasing
    assert speed.training_seconds == pytest.approx(history["seconds"].sum())
    assert speed.images_per_second == pytest.approx(3 * 170 / speed.training_seconds)


def test_the_same_seed_gives_the_same_bytes_whatever_ran_before(digits, first):
    first, *_ = first
    other, _ = train(digits, TRAINING.model_copy(update={"seed": 2}))
    again, _ = train(digits)
    assert weights(first) == weights(again)
    assert weights(first) != weights(other)
    assert first.history.drop(columns="seconds").equals(again.history.drop(columns="seconds"))


def test_logs_for_tensorboard_hold_the_history_and_change_nothing(digits, first, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    trained, _ = train(digits, log_folder=tmp_path)
    assert weights(trained) == weights(first[0])
    for part, column in (("train", "accuracy"), ("validation", "val_accuracy")):
        logged = EventAccumulator(str(tmp_path / part)).Reload()
        events = logged.Tensors("epoch_accuracy")
        assert [event.step for event in events] == [1, 2, 3]
        values = [make_ndarray(event.tensor_proto) for event in events]
        np.testing.assert_allclose(values, trained.history[column], rtol=1e-6)
    tags = EventAccumulator(str(tmp_path / "train")).Reload().Tags()["tensors"]
    assert "dense_1/kernel" in " ".join(tags)


def test_augmented_images_are_new_in_each_epoch_and_the_same_for_the_same_seed(digits):
    changed = {"augmentation": {"shift": 0.2, "rotate": 5}}
    augmented = Training.model_validate(WITHOUT_DROPOUT.plain() | changed)
    first, _ = train(digits, augmented)
    again, _ = train(digits, augmented)
    plain, _ = train(digits, WITHOUT_DROPOUT)
    chunked, _ = train(digits, augmented, memory_limit=50 * 20)
    assert weights(first) == weights(again) != weights(plain)
    assert chunked.history["val_accuracy"].iloc[-1] > 0.9


@pytest.mark.parametrize("monitor", ["val_loss", "val_accuracy"])
def test_training_that_gets_no_better_stops_with_the_weights_of_its_best_epoch(digits, monitor):
    stopped = {
        "epochs": 40,
        "early_stopping": {"patience": 2, "monitor": monitor},
        "optimizer": {"kind": "adam", "learning_rate": 0.5},
    }
    training = Training.model_validate(WITHOUT_DROPOUT.plain() | stopped)
    trained, _ = train(digits, training)
    history = trained.history
    best = until_kept(history, training)
    assert len(history) == len(best) + 2 < 40
    alone, _ = train(digits, training.model_copy(update={"epochs": len(best)}))
    assert weights(trained) == weights(alone)
    value = best[monitor].iloc[-1]
    assert value == (history[monitor].min() if monitor == "val_loss" else history[monitor].max())


def test_images_beyond_the_memory_limit_are_trained_on_in_chunks(digits):
    limit = 50 * 20  # 3 batches of 16 images of 20 bytes a chunk
    trained, _ = train(digits, memory_limit=limit)
    again, _ = train(digits, memory_limit=limit)
    assert trained.history["val_accuracy"].iloc[-1] > 0.9
    assert weights(trained) == weights(again)


def test_the_recorded_accuracy_is_that_of_the_saved_file_on_raw_pixels(digits, first, tmp_path):
    import keras

    trained, *_ = first
    trained.save(tmp_path / "tiny.keras")
    images, labels = digits
    validation = np.random.default_rng(2).permutation(200)[170:]
    model = keras.saving.load_model(tmp_path / "tiny.keras")
    predicted = model.predict(images[validation][..., None].astype(np.float32), verbose=0)
    accuracy = (predicted.argmax(axis=1) == labels[validation]).mean()
    stored = StoredNetwork(tmp_path / "tiny.keras")
    assert accuracy == trained.history["val_accuracy"].iloc[-1]
    assert stored.history.equals(trained.history)
    assert weights(stored) == weights(trained)


def test_a_stored_network_is_loaded_once_until_its_file_is_another(digits, tmp_path):
    paths = [tmp_path / f"{number}.keras" for number in range(2)]
    for seed, path in enumerate(paths):
        train(digits, WITHOUT_DROPOUT.model_copy(update={"seed": seed}))[0].save(path)
    first = StoredNetwork(paths[0]).model
    assert StoredNetwork(paths[0]).model is first
    paths[1].replace(paths[0])
    second = StoredNetwork(paths[0]).model
    assert not np.array_equal(second.get_weights()[0], first.get_weights()[0])
