"""Which images of the training part train and which validate."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_assets.errors import InputError
from mnist_assets.findings import Finding
from mnist_assets.formatting import class_name


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
    false_alarm_rate: float,
    names: Sequence[str] | None = None,
) -> Finding:
    """Check that every class trains, and that the split looks like one at random.

    In a split at random the validation images of a class are hypergeometrically distributed: as
    many as chance draws of it when it draws so many of all images. A class has too few or too many
    if that is less probable than the false-alarm rate, shared among both sides of all classes
    (Bonferroni). A rare class may well have no validation image, of which the check then only
    warns, since nothing measured on validation images tells of that class.

    Args:
        split: `train` and `validation`, indices of images.
        labels: uint8 (n,), of all images.
        classes: Number of classes.
        false_alarm_rate: Of splits at random, at most this share may be stopped, 0 to 1.
        names: Of the classes; their numbers if None.
    """
    from scipy.stats import hypergeom

    train, validation = (
        np.bincount(labels[split[part]], minlength=classes) for part in ("train", "validation")
    )
    drawn = hypergeom(len(labels), train + validation, validation.sum())
    tails = np.minimum(drawn.cdf(validation), drawn.sf(validation - 1))
    p_values = np.minimum(2 * classes * tails, 1)
    oddest = int(p_values.argmin())
    untrained, unvalidated = (np.flatnonzero(of == 0).tolist() for of in (train, validation))
    at_random = bool(p_values[oddest] >= false_alarm_rate)
    problems = []
    if untrained:
        problems.append(f"classes without an image to train on: {_named(untrained, names)}")
    if not at_random:
        problems.append(
            f"{validation[oddest]} of the {train[oddest] + validation[oddest]} images of class "
            f"{class_name(oddest, names)} validate, which a split at random would hardly give"
        )
    if unvalidated:
        problems.append(f"classes without an image to validate on: {_named(unvalidated, names)}")
    message = "; ".join(problems)
    return Finding.of(
        not problems,
        f"Every class is in both parts, class {class_name(oddest, names)} with {train[oddest]} and "
        f"{validation[oddest]} images.",
        f"{message[:1].upper()}{message[1:]}. Give more images of such classes, or another seed.",
        seen={
            "untrained_classes": untrained,
            "unvalidated_classes": unvalidated,
            "least_p_value": float(p_values[oddest]),
            "class_of_least_p_value": oddest,
            "train_counts": train.tolist(),
            "validation_counts": validation.tolist(),
        },
        expected={
            "untrained_classes": [],
            "unvalidated_classes": [],
            "p_value_at_least": false_alarm_rate,
        },
        binding=bool(untrained) or not at_random,
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


def _named(classes: Sequence[int], names: Sequence[str] | None) -> str:
    return ", ".join(class_name(index, names) for index in classes)
