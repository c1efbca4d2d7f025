"""How much a digit looks like those that the network was trained on.

A network names a digit whatever it is given, a letter or a blot as well, and may be sure of it. So
each image is held against typical shapes of the class that it is read as: the centres that k-means
finds among the training images (Lloyd, 1982), reduced to 14 x 14 pixels. What is further from all
of them than nearly all images of the validation part are is not like them.
"""

from __future__ import annotations

import warnings
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from mnist_assets.evaluation.predictions import Images

SIDE = 14  # pixels of an image that shapes are compared at, whatever its own height and width
SHAPES = 2000  # typical ones, of all classes together
IMAGES_A_SHAPE = 20  # training images at least, so that a centre is not an image itself
IMAGES_A_CLASS = 4000  # of the training part, the first ones, that centres are found among
CHUNK = 5000  # images reduced at a time
SHARE = 0.97  # of the validation part that is no further away than the limit


def typical_shapes(images: Images, labels: NDArray[np.uint8]) -> dict[str, Any]:
    """Describe what digits look like.

    Args:
        images: uint8 (n, height, width), those that networks are trained on.
        labels: uint8 (n,), their classes.

    Returns:
        JSON-able: `side`, pixels; `classes`, the class of each typical shape; `shapes`, its grey
        levels row by row, bytes in base64.
    """
    known = np.unique(labels)
    most = max(1, SHAPES // len(known))
    shapes: list[str] = []
    classes: list[int] = []
    for label in known:
        found = _centres(_reduce(images[np.flatnonzero(labels == label)[:IMAGES_A_CLASS]]), most)
        shapes += [b64encode(centre.tobytes()).decode() for centre in found]
        classes += [int(label)] * len(found)
    return {"side": SIDE, "classes": classes, "shapes": shapes}


def with_limit(
    shapes: Mapping[str, Any], held_out: Images, digits: NDArray[np.int64]
) -> dict[str, Any]:
    """Typical shapes, and the distance from them that hardly a digit exceeds.

    Args:
        shapes: As from `typical_shapes`.
        held_out: uint8 (m, height, width), m at least 1: images that networks are not trained on.
        digits: int (m,), the classes that the champion predicts for these.

    Returns:
        The shapes, and `limit`, the distance that the share 0.97 of `held_out` keeps.
    """
    return {
        **shapes,
        "limit": float(np.quantile(measure_distances(held_out, digits, shapes), SHARE)),
    }


def measure_distances(
    images: Images, digits: NDArray[np.int64], shapes: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Measure how far images are from the nearest typical shape of what they are read as.

    Args:
        images: uint8 (n, height, width), as the network is given them.
        digits: int (n,), the classes that are predicted.
        shapes: As from `typical_shapes`.

    Returns:
        float64 (n,): the root mean square of the grey levels' differences, 0 to 255; infinite for a
        class without a shape.
    """
    from scipy.spatial.distance import cdist

    classes = np.array(shapes["classes"])
    decoded = [np.frombuffer(b64decode(shape), np.uint8) for shape in shapes["shapes"]]
    centres = np.array(decoded, np.float64)
    distances = np.full(len(images), np.inf)
    for start in range(0, len(images), CHUNK):
        reduced = _reduce(images[start : start + CHUNK])
        of_chunk, read_as = distances[start : start + CHUNK], digits[start : start + CHUNK]
        for digit in np.unique(read_as):
            members, own = read_as == digit, centres[classes == digit]
            if len(own):
                of_chunk[members] = cdist(reduced[members], own).min(axis=1) / SIDE
    return distances


def _reduce(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Average over areas; float64 (n, pixels)."""
    from PIL import Image as Pillow

    # One above the other they are one picture, of which no area reaches into two of them.
    column = Pillow.fromarray(images.astype(np.float32).reshape(-1, images.shape[2]))
    column = column.resize((SIDE, SIDE * len(images)), Pillow.Resampling.BOX)
    return np.asarray(column, np.float64).reshape(len(images), -1)


def _centres(points: NDArray[np.float64], most: int) -> NDArray[np.uint8]:
    from scipy.cluster.vq import kmeans2

    count = min(most, max(1, len(points) // IMAGES_A_SHAPE))
    with warnings.catch_warnings():
        # A centre that no image is nearest to stays where it is, which does no harm.
        warnings.filterwarnings("ignore", "One of the clusters is empty")
        centres: NDArray[np.float64] = kmeans2(points, count, minit="points", rng=0)[0]
    return centres.round().astype(np.uint8)
