import numpy as np
import pytest

from mnist_assets.errors import InputError
from mnist_assets.evaluation.predictions import predict
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.layers import Dense
from mnist_assets.networks.optimizers import SGD
from mnist_assets.networks.training import train_network
from mnist_assets.preparation.normalization import fit_normalization
from mnist_assets.quality.label_errors import (
    check_label_errors,
    find_label_errors,
    out_of_sample_probabilities,
)
from mnist_assets_tests.tiny import CLASSES, make_digits

# Class 0 is believed 0.8 on average, class 1 0.7.
PROBABILITIES = np.array(
    [[0.9, 0.1], [0.7, 0.3], [0.8, 0.2], [0.2, 0.8], [0.3, 0.7], [0.4, 0.6]], np.float32
)
LABELS = np.array([0, 0, 0, 1, 1, 1], np.uint8)


def test_labels_that_all_are_believed_give_no_candidate():
    assert find_label_errors(PROBABILITIES, LABELS).empty


def test_a_candidate_reaches_the_threshold_of_another_class():
    probabilities = np.concatenate([PROBABILITIES, [[0.31, 0.69], [0.05, 0.95]]]).astype(np.float32)
    labels = np.append(LABELS, [0, 0]).astype(np.uint8)
    # Class 1's threshold still is 0.7, which 0.69 does not reach.
    found = find_label_errors(probabilities, labels)
    assert found.to_dict("records") == [
        {
            "index": 7,
            "label": 0,
            "suggested": 1,
            "self_confidence": pytest.approx(0.05),
            "suggested_probability": pytest.approx(0.95),
        }
    ]


def test_of_several_classes_that_reach_theirs_the_most_probable_counts():
    # Class 2 is hardly ever believed: its threshold, 0.2, is reached by an image of class 0.
    probabilities = np.array(
        [[0.75, 0.05, 0.2], [0.1, 0.8, 0.1], [0.4, 0.4, 0.2], [0.1, 0.85, 0.05]], np.float32
    )
    labels = np.array([0, 1, 2, 2], np.uint8)
    probabilities[3] = [0.05, 0.75, 0.2]
    found = find_label_errors(probabilities, labels)
    assert found["index"].to_list() == []
    probabilities[3] = [0.05, 0.9, 0.05]
    found = find_label_errors(probabilities, labels)
    assert found[["index", "suggested"]].to_numpy().tolist() == [[3, 1]]


def test_the_least_believable_label_comes_first_and_ties_keep_their_order():
    probabilities = np.concatenate([PROBABILITIES, [[0.1, 0.9], [0.0, 1.0], [0.1, 0.9]]])
    found = find_label_errors(
        probabilities.astype(np.float32), np.append(LABELS, [0, 0, 0]).astype(np.uint8)
    )
    assert found["index"].to_list() == [7, 6, 8]
    assert found.index.to_list() == [0, 1, 2]


def test_few_candidates_pass_and_many_are_found():
    assert check_label_errors(3, 300, 0.01).passed is True
    finding = check_label_errors(4, 300, 0.01)
    assert finding.passed is False
    assert "4 of 300 labels look wrong, 1.33 %. At most 1 % are expected." in finding.message
    assert "quality.label_errors.largest_share" in finding.message


TRAINING = Training(
    layers=(Dense(kind="dense", units=16),),
    optimizer=SGD(kind="sgd", learning_rate=0.1, momentum=0.9),
    batch_size=32,
    epochs=2,
    seed=1,
)


@pytest.fixture(scope="module")
def digits():
    images, labels = make_digits(300, 0)
    return images, labels, fit_normalization(images, np.arange(300, dtype=np.int32), 25.5)


def out_of_sample(digits, labels=None, **changed):
    images, true, normalization = digits
    options = {
        "folds": 3,
        "seed": 7,
        "memory_limit": 10**9,
        "batch_size": 100,
        "training": TRAINING,
    }
    options |= changed
    return out_of_sample_probabilities(
        options.pop("training"),
        images,
        true if labels is None else labels,
        normalization,
        classes=CLASSES,
        **options,
    )


@pytest.fixture(scope="module")
def unseen(digits):
    return out_of_sample(digits)


@pytest.mark.slow
def test_each_image_is_judged_by_a_network_trained_on_all_other_folds(digits, unseen):
    images, labels, normalization = digits
    fold_of = np.random.default_rng(7).permutation(300) % 3
    held_out = np.flatnonzero(fold_of == 2)
    trained, _ = train_network(
        "reference",
        TRAINING,
        images,
        labels,
        {"train": np.flatnonzero(fold_of != 2).astype(np.int32), "validation": held_out[:1]},
        normalization,
        classes=CLASSES,
        memory_limit=10**9,
        on_epoch=lambda epoch: None,
    )
    # The last of three trainings, so that nothing of the first two can have been left over.
    expected = predict(trained.model, images[held_out], 100)
    np.testing.assert_allclose(unseen[held_out], expected, atol=1e-4)


@pytest.mark.slow
def test_the_same_seeds_give_the_same_bytes(digits, unseen):
    assert out_of_sample(digits).tobytes() == unseen.tobytes()


def test_changed_labels_are_found(digits):
    _, labels, _ = digits
    changed = labels.copy()
    wrong = [5, 50, 77, 120, 203, 299]
    changed[wrong] = (changed[wrong] + 1) % CLASSES
    found = find_label_errors(out_of_sample(digits, changed), changed)
    assert sorted(found["index"]) == wrong
    assert (found.set_index("index")["suggested"] == labels[found["index"]]).all()
    assert not check_label_errors(len(found), len(labels), 0.01).passed


@pytest.mark.slow
def test_images_that_do_not_fit_in_memory_are_read_in_chunks(digits, unseen):
    chunked = out_of_sample(digits, memory_limit=2 * 64 * 120)  # of 64 images, held twice
    assert chunked.shape == unseen.shape
    assert (chunked.argmax(axis=1) == digits[1]).mean() > 0.95


@pytest.mark.slow
def test_a_loss_that_is_not_finite_names_fold_and_epoch(digits):
    too_fast = SGD.model_construct(kind="sgd", learning_rate=1e30, momentum=0.9)
    diverging = TRAINING.model_copy(update={"optimizer": too_fast})
    with pytest.raises(InputError, match="label_errors, fold 1, epoch 1"):
        out_of_sample(digits, training=diverging)
