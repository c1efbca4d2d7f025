"""Preparation: who trains and who validates, and the tensors that a network is fed.

Normalisation is `normalization.py`; drawing is `preparation/figures.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.errors import InputError
from mnist_assets.findings import Finding

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def split_indices(count: int, validation_share: float, seed: int) -> dict[str, NDArray[np.int32]]:
    """Shuffle the training part's indices and set the last of them aside for validation.

    Args:
        count: Images to split.
        validation_share: Part of them for validation, above 0 and below 1.
        seed: Seeds the shuffle; the same seed gives the same split.

    Returns:
        `train` and `validation`, int32 indices into the training part, in shuffled order.

    Raises:
        InputError: If the share is out of range, or leaves either side without an image.
    """
    train_count = _train_count(count, validation_share)
    shuffled = np.arange(count, dtype=np.int32)  # permutation() would hold them as int64, too
    np.random.default_rng(seed).shuffle(shuffled)
    return {"train": shuffled[:train_count], "validation": shuffled[train_count:]}


def check_split_complete(
    split: Mapping[str, NDArray[np.int32]], count: int, validation_share: float
) -> Finding:
    """Check that the split holds each of `count` images exactly once, in the declared sizes."""
    indices = np.concatenate([split["train"], split["validation"]])
    within = indices[(indices >= 0) & (indices < count)]
    uses = np.bincount(within, minlength=count)
    train_count = _train_count(count, validation_share)
    seen = {
        "train": len(split["train"]),
        "validation": len(split["validation"]),
        "dtypes": sorted({str(part.dtype) for part in split.values()}),
        "outside": len(indices) - len(within),
        "repeated": int((uses > 1).sum()),
        "missing": int((uses == 0).sum()),
    }
    expected = {
        "train": train_count,
        "validation": count - train_count,
        "dtypes": ["int32"],
        "outside": 0,
        "repeated": 0,
        "missing": 0,
    }
    wrong = [
        f"{name} is {seen[name]}, not {expected[name]}"
        for name in seen
        if seen[name] != expected[name]
    ]
    message = (
        f"The split is wrong: {'; '.join(wrong)}."
        if wrong
        else f"Each image is in one part: {train_count} train, {count - train_count} validate."
    )
    return Finding(not wrong, message, seen, expected)


def check_split_classes(
    split: Mapping[str, NDArray[np.int32]],
    labels: NDArray[np.uint8],
    classes: int,
    tolerance: float,
) -> Finding:
    """Check that both parts hold every class, in shares at most `tolerance` (0 to 1) apart."""
    train, validation = (
        np.bincount(labels[split[part]], minlength=classes) for part in ("train", "validation")
    )
    absent = np.flatnonzero((train == 0) | (validation == 0))
    differences = np.abs(train / max(train.sum(), 1) - validation / max(validation.sum(), 1))
    widest = int(differences.argmax())
    largest = float(differences[widest])
    return Finding(
        passed=not len(absent) and largest <= tolerance,
        message=(
            f"Classes missing from a part: {absent.tolist()}."
            if len(absent)
            else f"The parts' class shares differ by at most {largest:.4f} (class {widest})."
        ),
        seen={
            "absent_classes": absent.tolist(),
            "largest_share_difference": largest,
            "class_of_largest_difference": widest,
            "train_counts": train.tolist(),
            "validation_counts": validation.tolist(),
        },
        expected={"absent_classes": [], "largest_share_difference_at_most": tolerance},
    )


def one_hot(labels: NDArray[np.uint8], classes: int) -> NDArray[np.float32]:
    """Encode each label as a row with a 1 at its class and 0 elsewhere, float32 (n, classes).

    Raises:
        InputError: If a label is not one of the classes 0 to `classes` - 1.
    """
    if len(labels) and int(labels.max()) >= classes:
        raise InputError(
            "labels",
            seen=f"label {int(labels.max())}",
            expected=f"0 to {classes - 1}",
            remedy="Give the number of classes that the labels have.",
        )
    encoded = np.zeros((len(labels), classes), np.float32)
    encoded[np.arange(len(labels)), labels] = 1
    return encoded


def check_one_hot(encoded: NDArray[np.float32], labels: NDArray[np.uint8]) -> Finding:
    """Check that each row is a single 1 among zeros, and that argmax gives the label back."""
    one_each = ((encoded == 1).sum(axis=1) == 1) & ((encoded != 0).sum(axis=1) == 1)
    seen = {
        "rows": len(encoded),
        "rows_not_summing_to_1": int((encoded.sum(axis=1) != 1).sum()),
        "rows_not_one_hot": int((~one_each).sum()),
        "labels_not_given_back": int((encoded.argmax(axis=1) != labels).sum()),
    }
    expected = dict.fromkeys(seen, 0) | {"rows": len(labels)}
    return Finding(
        passed=seen == expected,
        message=(
            f"All {len(labels)} labels are one-hot, and argmax gives them back."
            if seen == expected
            else "The encoding is not the labels' one-hot encoding."
        ),
        seen=seen,
        expected=expected,
    )


def one_hot_examples(labels: NDArray[np.uint8], classes: int, count: int) -> pd.DataFrame:
    """Show the first `count` labels encoded: `image`, `label`, `class_0`, `class_1` and so on."""
    import pandas as pd

    encoded = one_hot(labels[:count], classes).astype(np.uint8)
    columns = {f"class_{digit}": encoded[:, digit] for digit in range(classes)}
    return pd.DataFrame({"image": np.arange(len(encoded)), "label": labels[:count], **columns})


def network_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return images as the tensor a network takes, float32 (n, h, w, 1), still 0 to 255.

    Four times the images' memory: for a batch, or where a network predicts a whole part at once.
    """
    return images[..., np.newaxis].astype(np.float32)


def _train_count(count: int, validation_share: float) -> int:
    """Return how many of `count` images train; rounded, as 0.9 * 60000 need not be whole."""
    if not 0 < validation_share < 1:
        raise InputError(
            "validation_share",
            seen=validation_share,
            expected="a share above 0 and below 1",
            remedy="Give the part of the images to set aside for validation, such as 0.1.",
        )
    train_count = round((1 - validation_share) * count)
    if not 0 < train_count < count:
        raise InputError(
            "validation_share",
            seen=f"{validation_share} of {count} images, {train_count} of them left to train",
            expected="at least one image to train and one to validate",
            remedy="Give more images, or a share that leaves some on either side.",
        )
    return train_count
