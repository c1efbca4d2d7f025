"""Which images of the training part train and which validate."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mnist_assets.errors import InputError
from mnist_assets.findings import Finding


def split_indices(count: int, validation_share: float, seed: int) -> dict[str, NDArray[np.int32]]:
    """Shuffle the training part's indices and set the last of them aside for validation.

    Args:
        count: Images to split.
        validation_share: Part of them for validation, above 0 and below 1.
        seed: Seeds the shuffle; the same seed gives the same split.

    Returns:
        `train` and `validation`, int32 indices into the training part, in shuffled order.

    Raises:
        InputError: If the share leaves either side without an image.
    """
    train_count = _train_count(count, validation_share)
    # Not scikit-learn's train_test_split: it knows only NumPy's legacy generator, which shuffles
    # otherwise for the same seed, and it holds the indices as int64.
    shuffled = np.arange(count, dtype=np.int32)
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
        **dict.fromkeys(("outside", "repeated", "missing"), 0),
    }
    wrong = [
        f"{name} is {found}, not {expected[name]}"
        for name, found in seen.items()
        if found != expected[name]
    ]
    return Finding.of(
        not wrong,
        f"Each image is in one part: {train_count} train, {count - train_count} validate.",
        f"The split is wrong: {'; '.join(wrong)}.",
        seen=seen,
        expected=expected,
    )


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


def _train_count(count: int, validation_share: float) -> int:
    """Return how many of `count` images train; rounded, as 0.9 * 60000 need not be whole."""
    train_count = round((1 - validation_share) * count)
    if not 0 < train_count < count:
        raise InputError(
            "validation_share",
            seen=f"{validation_share} of {count} images, {train_count} of them left to train",
            expected="at least one image to train and one to validate",
            remedy="Give more images, or a share that leaves some on either side.",
        )
    return train_count
