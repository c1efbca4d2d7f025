"""What is read in the pictures of a file: a row for each digit, and the numbers they form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.errors import InputError
from mnist_assets.inference.digits import MNIST_SHAPE, find_digits
from mnist_assets.inference.likeness import measure_distances

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

BOX = ["left", "top", "right", "bottom"]
SCORES = ["digit", "probability", "second_digit", "second_probability"]
COLUMNS = ["picture", *SCORES, "part", *BOX, "number", "doubtful", "why"]


def find_all(
    pictures: Sequence[Picture], name: str, shape: tuple[int, int] = MNIST_SHAPE
) -> tuple[Picture, pd.DataFrame]:
    """Find and prepare the digits of all pictures of one file.

    Args:
        pictures: As from `picture_files.read_pictures`, at least one.
        name: What to call the file in an error.
        shape: Height and width of the images that the network takes.

    Returns:
        uint8 (n, height, width), the images; and a row for each: `picture` and `part`, both from 0,
        the box as `left`, `top`, `right` and `bottom` in pixels of the picture, and `number`,
        which of the picture's numbers it is a digit of.

    Raises:
        InputError: A picture has no ink; the error says which, counted from 0.
    """
    import pandas as pd

    images, rows = [], []
    for index, picture in enumerate(pictures):
        try:
            found = find_digits(picture, shape)
        except InputError as error:
            raise InputError(
                f"{name}, picture {index}" if len(pictures) > 1 else name,
                seen=error.seen,
                expected=error.expected,
                remedy=error.remedy,
            ) from error
        images += [digit.image for digit in found]
        rows += [(index, part, *digit.box, digit.number) for part, digit in enumerate(found)]
    return np.stack(images), pd.DataFrame(rows, columns=["picture", "part", *BOX, "number"])


def read(
    probabilities: NDArray[np.float32],
    images: Picture,
    places: pd.DataFrame,
    shapes: Mapping[str, Any] | None,
    doubtful_below: float,
    class_names: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Say what is read.

    Args:
        probabilities: float32 (n, classes), as from `predictions.predict`.
        images: uint8 (n, height, width), as from `find_all`.
        places: As from `find_all`.
        shapes: As from `likeness.with_limit`; None where there are none, and only the
            probability tells what is doubtful.
        doubtful_below: A less probable digit is doubtful.
        class_names: What classes are called, None where that is their index.

    Returns:
        One row a digit, with `COLUMNS`: `picture`; `digit`, `probability`, `second_digit` and
        `second_probability` as from `score`; `part` and the box; `number`, the digits that
        stand together as text; and `doubtful` with `why`, a few words, empty where it is not.
    """
    scores = score(probabilities)
    unsure = scores["probability"].to_numpy() < doubtful_below
    strange = np.zeros(len(scores), np.bool_)
    if shapes:
        strange = measure_distances(images, scores["digit"].to_numpy(), shapes) > shapes["limit"]
    whys = np.array(["", "unsure", "unlike a digit", "unsure, unlike a digit"])
    between = ""
    if class_names is not None:
        for column in ("digit", "second_digit"):
            scores[column] = [class_names[index] for index in scores[column]]
        between = " " if max(map(len, class_names)) > 1 else ""
    table = places[["picture"]].join(scores).join(places[["part", *BOX]])
    side_by_side = table["digit"].astype(str).groupby([places["picture"], places["number"]])
    table["number"] = side_by_side.transform(between.join)
    table["doubtful"] = unsure | strange
    table["why"] = whys[unsure + 2 * strange]
    return table


def score(probabilities: NDArray[np.float32]) -> pd.DataFrame:
    """Name the two most probable digits of each picture.

    Args:
        probabilities: float32 (n, classes), classes at least 2, as from `predictions.predict`.

    Returns:
        One row a picture: `digit` (int64) and its `probability` (float32), `second_digit` and
        `second_probability`. Of equally probable digits the lower comes first.

    Raises:
        InputError: There are fewer than two classes.
    """
    import pandas as pd

    if probabilities.ndim != 2 or probabilities.shape[1] < 2:
        raise InputError(
            "probabilities to score",
            seen=f"shape {probabilities.shape}",
            expected="(pictures, classes), classes at least 2",
            remedy="Score the output of a network that tells two or more classes apart.",
        )
    digits = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    sorted_probabilities = np.take_along_axis(probabilities, digits, axis=1)
    return pd.DataFrame(
        {
            "digit": digits[:, 0],
            "probability": sorted_probabilities[:, 0],
            "second_digit": digits[:, 1],
            "second_probability": sorted_probabilities[:, 1],
        }
    )
