"""Exploration: what the dataset and its classes are made of, counted exactly and never sampled.

Images are uint8 (n, h, w), grey levels 0 to 255; labels are uint8 (n,), classes 0 to `classes` - 1.
How grey images and pixels are is `grey.py`; comparing the two parts statistically is
`similarity.py`; drawing is `exploration/figures/digits.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.dataset.alignment import class_averages
from mnist_assets.errors import InputError
from mnist_assets.exploration.grey import count_pixels, mean_grey
from mnist_assets.exploration.similarity import compare_classes, compare_grey_levels

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

# Images handled at a time: what is converted to a wider type then stays in the processor's cache.
CHUNK = 500


def summarise(
    train_images: NDArray[np.uint8],
    train_labels: NDArray[np.uint8],
    test_images: NDArray[np.uint8],
    test_labels: NDArray[np.uint8],
) -> dict[str, Any]:
    """Answer the notebook's basic questions, and whether the test part is like the training part.

    Returns:
        JSON-able: `train_images` and `test_images` (counts), `image_shape` [h, w], `dtype`,
        `classes` (the labels that occur), `class_distribution` (`train` and `test`, images of each
        class) and `test_like_train`, with `classes` as from `compare_classes` and `grey_levels` as
        from `compare_grey_levels`.
    """
    classes = 1 + max(int(train_labels.max()), int(test_labels.max()))
    train_counts = np.bincount(train_labels, minlength=classes)
    test_counts = np.bincount(test_labels, minlength=classes)
    return {
        "train_images": len(train_images),
        "test_images": len(test_images),
        "image_shape": list(train_images.shape[1:]),
        "dtype": str(train_images.dtype),
        "classes": np.flatnonzero(train_counts + test_counts).tolist(),
        "class_distribution": {"train": train_counts.tolist(), "test": test_counts.tolist()},
        "test_like_train": {
            "classes": compare_classes(train_counts, test_counts),
            "grey_levels": compare_grey_levels(
                mean_grey(train_images),
                mean_grey(test_images),
                count_pixels(train_images),
                count_pixels(test_images),
            ),
        },
    }


def class_distribution(
    train_labels: NDArray[np.uint8], test_labels: NDArray[np.uint8], classes: int
) -> pd.DataFrame:
    """Count each class in both parts.

    Returns:
        One row a class: `class`, `train_count`, `test_count` (int64), `train_share`, `test_share`
        (float64, 0 to 1).
    """
    import pandas as pd

    train = np.bincount(train_labels, minlength=classes)
    test = np.bincount(test_labels, minlength=classes)
    return pd.DataFrame(
        {
            "class": np.arange(classes),
            "train_count": train,
            "test_count": test,
            "train_share": train / train.sum(),
            "test_share": test / test.sum(),
        }
    )


def average_digits(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], classes: int
) -> NDArray[np.float32]:
    """Average the images of each class.

    Returns:
        float32 (classes, h, w), grey levels 0 to 255: exact integer sums, divided and rounded once.

    Raises:
        InputError: If a class has no image.
    """
    counts = np.bincount(labels, minlength=classes)[:classes]
    if not counts.all():
        raise InputError(
            f"class {counts.argmin()}",
            seen="no image",
            expected="at least one to average",
            remedy="Number the classes from 0 without gaps, or add images of this class.",
        )
    return class_averages(images, labels, range(classes)).astype(np.float32)


def extreme_digits(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], averages: NDArray[np.float32]
) -> pd.DataFrame:
    """Find each class's images nearest to and least like its average, and what the notebook finds.

    Similarity is the Euclidean distance to the class average, over pixels, in grey levels. The
    notebook's two loops compute something else, which is kept beside the truth as evidence:

    - "Least similar" keeps the image with the smallest `(image - average).mean()`. The average is
      the same for the whole class, so that is the image with the least ink.
    - "Nearest" replaces its choice when `(choice - image).mean() < 10^-5`. `10^-5` is exclusive-or
      in Python, -15, and a difference of uint8 wraps around to 0..255, so that its mean is never
      below: the choice stays the class's first image.

    Args:
        images: The training part, (n, h, w).
        labels: Its labels, (n,).
        averages: As from `average_digits`, (classes, h, w).

    Returns:
        One row a class: `class`, and `<choice>_index` (int64, into `images`) with
        `<choice>_distance` (float64) for each choice of `nearest`, `least_similar`,
        `notebook_nearest` and `notebook_least_similar`. Of equals the first is taken.
    """
    import pandas as pd

    ink = mean_grey(images)
    distances = _distances_to_average(images, labels, averages)
    rows = []
    for digit in range(len(averages)):
        members = np.flatnonzero(labels == digit)
        row: dict[str, int | float] = {"class": digit}
        for choice, index in {
            "nearest": members[distances[members].argmin()],
            "least_similar": members[distances[members].argmax()],
            "notebook_nearest": members[0],
            "notebook_least_similar": members[ink[members].argmin()],
        }.items():
            row[f"{choice}_index"] = int(index)
            row[f"{choice}_distance"] = float(distances[index])
        rows.append(row)
    return pd.DataFrame(rows)


def _distances_to_average(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], averages: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return each image's Euclidean distance to its own class's average, float64 throughout."""
    pixels = images.reshape(len(images), -1)
    centres = averages.reshape(len(averages), -1).astype(np.float64)
    squares = np.empty(len(images))
    for start in range(0, len(images), CHUNK):
        chunk = slice(start, start + CHUNK)
        differences = pixels[chunk] - centres[labels[chunk]]
        squares[chunk] = np.einsum("ij,ij->i", differences, differences)
    return np.sqrt(squares)
