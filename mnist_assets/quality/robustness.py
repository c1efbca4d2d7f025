"""How accurate a network stays when its images are distorted; the distortions are `distortions.py`.

Every strength of every distortion is measured on the same images, each distorted once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.evaluation.metrics import accuracy_of
from mnist_assets.evaluation.predictions import predict
from mnist_assets.findings import Finding
from mnist_assets.quality.distortions import UNITS, distort

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

UNDISTORTED = "undistorted"


def measure_robustness(
    model: Callable[..., Any],
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    strengths: Mapping[str, Sequence[float]],
    *,
    count: int,
    seed: int,
    batch_size: int,
    confidence: float,
) -> pd.DataFrame:
    """Measure a network's accuracy under each distortion at each strength.

    Args:
        model: A Keras model that takes raw pixels; see `predictions.predict`.
        images: uint8 (n, height, width).
        labels: uint8 (n,).
        strengths: Of each distortion in `distortions.UNITS`, those to measure.
        count: Images to measure on, drawn at random; all of them if there are fewer.
        seed: Decides which images, and the noise.
        batch_size: Images a call of the model.
        confidence: Of the accuracies' Wilson intervals.

    Returns:
        One row a distortion and strength, the "undistorted" images first: distortion, strength,
        unit ("-" if it has none), images, correct, accuracy, low, high.
    """
    import pandas as pd

    drawn = np.random.default_rng(seed).permutation(len(labels))[:count]
    sample, true = images[drawn], labels[drawn]

    each = tuple((name, strength) for name, of in strengths.items() for strength in of)
    all_distorted = (sample, *_distort_all(sample.tobytes(), sample.shape, each, seed))
    rows = []
    for (distortion, strength), distorted in zip(
        ((UNDISTORTED, 0.0), *each), all_distorted, strict=True
    ):
        right = predict(model, distorted, batch_size).argmax(axis=1) == true
        figures = accuracy_of(right, confidence)
        interval = figures.pop("accuracy_interval")
        rows.append(
            {
                "distortion": distortion,
                "strength": float(strength),
                "unit": UNITS.get(distortion, "-"),
                **figures,
                "low": interval["low"],
                "high": interval["high"],
            }
        )
    return pd.DataFrame(rows)


@lru_cache(maxsize=1)  # network after network is measured on the same images
def _distort_all(
    pixels: bytes, shape: tuple[int, ...], each: tuple[tuple[str, float], ...], seed: int
) -> tuple[NDArray[np.uint8], ...]:
    """The images of these pixels under each distortion at its strength."""
    images = np.frombuffer(pixels, np.uint8).reshape(shape)
    return tuple(distort(images, distortion, strength, seed) for distortion, strength in each)


def check_floors(table: pd.DataFrame, floors: Mapping[str, Mapping[str, float]]) -> Finding:
    """Check that each distortion leaves the accuracy at its floor, at least.

    A floor is the `accuracy` expected at a `strength` of the distortion, which was measured.
    """
    accuracies = table.set_index(["distortion", "strength"])["accuracy"]
    seen = {name: float(accuracies[name, floor["strength"]]) for name, floor in floors.items()}
    below = [name for name, floor in floors.items() if seen[name] < floor["accuracy"]]
    told = (
        f"{name} of {floors[name]['strength']:g} {UNITS[name]} leaves an accuracy of "
        f"{seen[name]:.4f}, expected are {floors[name]['accuracy']:.4f}"
        for name in below
    )
    return Finding.of(
        not below,
        "The accuracy is above the floor of every distortion.",
        f"Below the floor: {'; '.join(told)}. Train it on images distorted like that, or lower the "
        "floor in the settings.",
        seen=seen,
        expected={f"{name}_at_least": floor["accuracy"] for name, floor in floors.items()},
    )
