"""Faults that no check stops, and what would see them."""

from mnist_assets.networks.loop import training_loop
from mnist_assets_tests.faults.dataset import (
    DATASET,
    FILES,
    both,
    in_clear_files,
    in_files,
    off_by_one,
    repeated,
    transposed,
    with_changed_labels,
)
from mnist_assets_tests.faults.fault import Fault, in_function
from mnist_assets_tests.faults.networks import (
    SMALL,
    TRAIN,
    in_training,
    trained_on_test,
    with_a_hundredfold_rate,
)

UNSEEN = [
    Fault(
        "duplicated rows: 20 training images twice, in a dataset of one's own",
        FILES,
        in_files(repeated),
        DATASET,
        None,
        "Small or simple images may be equal by nature: `dataset/train_images:no_image_twice` "
        "warns, and stops MNIST and a dataset that sets `dataset.repeated_share` itself.",
        warned_by=("dataset/train_images:no_image_twice",),
    ),
    Fault(
        "images of both parts transposed (or inverted, or moved), in a dataset of one's own",
        FILES,
        in_files(lambda arrays: both(arrays, transposed)),
        DATASET,
        None,
        "Nothing in the data says which way up it is, and networks learn it either way. A "
        "published SHA-256 would, as it does for MNIST, or a look at `exploration/sample_digits`.",
    ),
    Fault(
        "labels of both parts off by one, in a dataset of one's own",
        FILES,
        in_files(
            lambda arrays: arrays._replace(
                train_labels=off_by_one(arrays.train_labels),
                test_labels=off_by_one(arrays.test_labels),
            )
        ),
        DATASET,
        None,
        "To the graph a class is a number; which digit it stands for only a person can say, from "
        "`exploration/sample_digits`, or a published SHA-256.",
    ),
    Fault(
        "2 % of the training labels changed, where images are clear, in a dataset of one's own",
        FILES,
        in_clear_files(
            lambda arrays: arrays._replace(train_labels=with_changed_labels(arrays.train_labels))
        ),
        DATASET,
        None,
        "Which share of labels may look wrong is known of MNIST alone: "
        "`evaluation/label_errors:few` warns, and stops MNIST and a dataset that sets "
        "`quality.label_errors.largest_share` itself. `champion/quality:as_promoted` warns, too, "
        "since the champion is from before the images were clear.",
        warned_by=("champion/quality:as_promoted", "evaluation/label_errors:few"),
    ),
    Fault(
        "2 % of the training labels changed, where images are hard to read",
        FILES,
        in_files(
            lambda arrays: arrays._replace(train_labels=with_changed_labels(arrays.train_labels))
        ),
        DATASET,
        None,
        "Where networks misread a quarter of the images, 2 % more do not stand out. A person "
        "would, from the pictures of `evaluation/label_errors`, or a published SHA-256.",
    ),
    Fault(
        "5 % of the test images used in training",
        TRAIN,
        in_training(trained_on_test(20)),
        SMALL,
        None,
        "Too few to move the test accuracy further than chance does. The graph itself prevents "
        "it, and a test keeps it so: no network depends on an asset of the test part.",
    ),
    Fault(
        "learning rate 100 times too large, where it does no harm",
        "networks/loop/training_loop.py, build_optimizer (Adam)",
        in_function(training_loop, "build_optimizer", with_a_hundredfold_rate),
        SMALL,
        None,
        "The network is as accurate as before, so there is nothing to stop; it is far too sure "
        "of itself, of which `evaluation/small_quality:calibrated` warns. On MNIST, with rates a "
        "hundredfold, `given` breaks off, `simplest` ends far below its floor, and `best` trains "
        "slightly better than with its own.",
        warned_by=("evaluation/small_quality:calibrated",),
    ),
]
