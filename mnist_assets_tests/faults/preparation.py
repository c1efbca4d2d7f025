"""Faults in the preparation: in the split, in the normalisation, in the labels' encoding."""

import numpy as np

from mnist_assets.preparation import normalization as normalizing
from mnist_assets.preparation import one_hot as encoding
from mnist_assets.preparation import split as splitting
from mnist_assets_tests.faults.dataset import off_by_one
from mnist_assets_tests.faults.fault import Fault, in_function
from mnist_assets_tests.faults.project import CLASSES


def overlapping(split, *args):
    """The split, with ten training images validating in the place of others."""
    parts = split(*args)
    validation = np.concatenate([parts["train"][:10], parts["validation"][10:]])
    return {"train": parts["train"], "validation": validation}


def without_class_in_validation(split, count, share, seed):
    """A split of the declared sizes whose validation part lacks the last class."""
    parts = split(count, share, seed)
    order = np.concatenate([parts["validation"], parts["train"]])
    lacking = order[order % CLASSES != CLASSES - 1][: len(parts["validation"])]
    return {"train": np.setdiff1d(order, lacking).astype(np.int32), "validation": lacking}


def fitted_on_all(fit, images, indices, std_floor):
    return fit(images, np.arange(len(images), dtype=np.int32), std_floor)


def with_epsilon(fit, images, indices, std_floor):
    mean, std = images[indices].mean(axis=0), images[indices].std(axis=0) + 1e-10
    return {"mean": mean.astype(np.float32), "std": std.astype(np.float32)}


def one_too_high(encode, labels, classes):
    return encode(off_by_one(labels), classes)


SPLIT, NORMALIZATION = 'key:"preparation/split"', 'key:"preparation/normalization"'

IN_PREPARATION = [
    Fault(
        "train and validation overlapping",
        "preparation/split.py, split_indices",
        in_function(splitting, "split_indices", overlapping),
        SPLIT,
        "preparation/split:complete_and_disjoint",
    ),
    Fault(
        "a class missing from the validation images",
        "preparation/split.py, split_indices",
        in_function(splitting, "split_indices", without_class_in_validation),
        SPLIT,
        "preparation/split:class_shares",
    ),
    Fault(
        "statistics fitted on all images, validation included",
        "preparation/normalization.py, fit_normalization",
        in_function(normalizing, "fit_normalization", fitted_on_all),
        NORMALIZATION,
        "preparation/normalization:mean_0_std_1",
    ),
    Fault(
        "std + 1e-10 for a floor under the standard deviation",
        "preparation/normalization.py, fit_normalization",
        in_function(normalizing, "fit_normalization", with_epsilon),
        NORMALIZATION,
        "preparation/normalization:bounded",
    ),
    Fault(
        "labels encoded off by one",
        "preparation/one_hot.py, one_hot",
        in_function(encoding, "one_hot", one_too_high),
        'key:"preparation/one_hot_examples"',
        "preparation/one_hot_examples:one_hot",
    ),
]
