"""Faults in the dataset: in its files, and in how they are read."""

import shutil
from dataclasses import replace

import numpy as np

from mnist_assets.dataset import loading as dataset_steps
from mnist_assets.dataset.idx import encode_header, load_idx
from mnist_assets.dataset.idx_names import FILE_NAMES, find_idx
from mnist_assets.dataset.loading import Dataset
from mnist_assets.declarations.places import BUNDLED_DATASET
from mnist_assets_tests.faults.fault import Fault, around
from mnist_assets_tests.faults.project import make_dataset
from mnist_assets_tests.tiny import write_arrays


def in_files(change):
    """Change the dataset's files: the function is given the four arrays and gives four back."""

    def put(project, patch):
        arrays = Dataset(*(np.array(array) for array in make_dataset()))
        write_arrays(project.folder / "raw", *change(arrays))
        return project

    return put


def in_clear_files(change):
    """The same for images that networks read without a mistake."""

    def put(project, patch):
        arrays = Dataset(*make_dataset(contrast=140))
        write_arrays(project.folder / "raw", *change(arrays))
        project.edit("settings.yaml", "largest_share: 0.2", "largest_share: 0.01")
        return project

    return put


def with_changed_labels(labels, share=0.02):
    """The labels, `share` of them replaced by the next class."""
    changed = np.array(labels)
    chosen = np.random.default_rng(0).permutation(len(labels))[: round(share * len(labels))]
    changed[chosen] = (changed[chosen] + 1) % (int(labels.max()) + 1)
    return changed


def shuffled(array):
    return np.random.default_rng(0).permutation(array)


def off_by_one(labels):
    return (labels + 1) % (labels.max() + 1)


def transposed(images):
    return np.ascontiguousarray(images.transpose(0, 2, 1))


def both(arrays, change):
    """The dataset with the images of both parts changed alike."""
    return arrays._replace(
        train_images=change(arrays.train_images), test_images=change(arrays.test_images)
    )


def repeated(arrays):
    """The dataset with its first 20 training images in the place of the last, labels too."""
    arrays.train_images[-20:] = arrays.train_images[:20]
    arrays.train_labels[-20:] = arrays.train_labels[:20]
    return arrays


def with_test_in_training(arrays, count=400):
    """The dataset with test images added to the training part."""
    return arrays._replace(
        train_images=np.concatenate([arrays.train_images, arrays.test_images[:count]]),
        train_labels=np.concatenate([arrays.train_labels, arrays.test_labels[:count]]),
    )


def without_class(labels, label):
    return np.where(labels == label, 0, labels).astype(np.uint8)


def in_mnist(name, change):
    """Change one of MNIST's own files."""

    def put(project, patch):
        folder = project.folder / "mnist"
        shutil.copytree(BUNDLED_DATASET, folder)
        path = find_idx(BUNDLED_DATASET, FILE_NAMES[name])
        changed = change(load_idx(path, dimensions=None, sha256=None).values)
        (folder / FILE_NAMES[name]).write_bytes(encode_header(changed.shape) + changed.tobytes())
        patch.setattr("mnist_assets.dataset.source.BUNDLED_DATASET", folder)
        return project.at(dataset="mnist")

    return put


FILES = "the dataset's files"
LOAD = "dataset/loading.py, load_dataset"
DATASET = "group:dataset"
ALIKE = "dataset/train_labels:alike_in_both_parts"

IN_FILES = [
    Fault(
        "test images transposed",
        FILES,
        in_files(lambda arrays: arrays._replace(test_images=transposed(arrays.test_images))),
        DATASET,
        ALIKE,
    ),
    Fault(
        "test images inverted, black for white",
        FILES,
        in_files(lambda arrays: arrays._replace(test_images=255 - arrays.test_images)),
        DATASET,
        ALIKE,
    ),
    Fault(
        "test images moved by one pixel",
        FILES,
        in_files(lambda arrays: arrays._replace(test_images=np.roll(arrays.test_images, 1, 1))),
        DATASET,
        ALIKE,
    ),
    Fault(
        "training images shuffled against their labels",
        FILES,
        in_files(lambda arrays: arrays._replace(train_labels=shuffled(arrays.train_labels))),
        DATASET,
        ALIKE,
    ),
    Fault(
        "test labels off by one",
        FILES,
        in_files(lambda arrays: arrays._replace(test_labels=off_by_one(arrays.test_labels))),
        DATASET,
        ALIKE,
    ),
    Fault(
        "a class missing from the test part",
        FILES,
        in_files(lambda arrays: arrays._replace(test_labels=without_class(arrays.test_labels, 2))),
        DATASET,
        "dataset/test_labels:classes",
    ),
    Fault(
        "a class missing from the training part",
        FILES,
        in_files(
            lambda arrays: arrays._replace(train_labels=without_class(arrays.train_labels, 2))
        ),
        DATASET,
        "dataset: error",
    ),
    Fault(
        "test images added to the training part",
        FILES,
        in_files(with_test_in_training),
        DATASET,
        "dataset/test_images:not_in_training_part",
    ),
    Fault(
        "training images that are all black",
        FILES,
        in_files(lambda arrays: arrays._replace(train_images=0 * arrays.train_images)),
        DATASET,
        "dataset/train_images:shape_and_range",
    ),
    Fault(
        "MNIST's training images transposed",
        "MNIST's own files",
        in_mnist("train_images", transposed),
        DATASET,
        "dataset: error",
    ),
    Fault(
        "2 % of MNIST's training labels changed",
        "MNIST's own files",
        in_mnist("train_labels", with_changed_labels),
        DATASET,
        "dataset: error",
    ),
]

# --- reading the files ---


def in_loading(change):
    """Change what the files are read as."""

    def put(project, patch):
        around(
            patch,
            dataset_steps,
            "load_dataset",
            lambda load, *args: _changed(load(*args), change),
        )
        return project

    return put


def _changed(loaded, change):
    arrays = Dataset(*(np.array(array) for array in loaded.dataset))
    return replace(loaded, dataset=change(arrays))


IN_LOADING = [
    Fault(
        "images of both parts transposed",
        LOAD,
        in_loading(lambda arrays: both(arrays, transposed)),
        DATASET,
        "dataset/test_images:checksum",
    ),
    Fault(
        "images of both parts inverted",
        LOAD,
        in_loading(lambda arrays: both(arrays, lambda images: 255 - images)),
        DATASET,
        "dataset/test_images:checksum",
    ),
    Fault(
        "images of both parts moved by one pixel",
        LOAD,
        in_loading(lambda arrays: both(arrays, lambda images: np.roll(images, 1, 2))),
        DATASET,
        "dataset/test_images:checksum",
    ),
    Fault(
        "2 % of the training labels changed",
        LOAD,
        in_loading(
            lambda arrays: arrays._replace(train_labels=with_changed_labels(arrays.train_labels))
        ),
        DATASET,
        "dataset/train_labels:checksum",
    ),
    Fault(
        "labels of both parts off by one",
        LOAD,
        in_loading(
            lambda arrays: arrays._replace(
                train_labels=off_by_one(arrays.train_labels),
                test_labels=off_by_one(arrays.test_labels),
            )
        ),
        DATASET,
        "dataset/test_labels:checksum",
    ),
]

# Networks have to find out that labels tell nothing of the images.
FOUND_BY_NETWORKS = [
    Fault(
        "labels of both parts shuffled",
        FILES,
        in_files(
            lambda arrays: arrays._replace(
                train_labels=shuffled(arrays.train_labels),
                test_labels=shuffled(arrays.test_labels),
            )
        ),
        DATASET,
        "evaluation/normalised:better_than_guessing",
    ),
]
