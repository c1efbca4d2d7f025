import json
from base64 import b64decode
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_assets.inference.likeness import SIDE, measure_distances, typical_shapes, with_limit

Images = NDArray[np.uint8]


def flat(*levels: int, shape: tuple[int, int] = (28, 28)) -> Images:
    return np.array([np.full(shape, level) for level in levels], np.uint8)


def described(held_out: Images, digits: list[int]) -> dict[str, Any]:
    """Classes 2 and 5, of 12 images each: one typical shape of either, level 10 and 200."""
    images = flat(*[8] * 6, *[12] * 6, *[200] * 12)
    labels = np.repeat([2, 5], 12).astype(np.uint8)
    return with_limit(typical_shapes(images, labels), held_out, np.array(digits))


def test_typical_shapes_are_the_middle_of_their_images() -> None:
    shapes = described(flat(10), [2])
    assert json.loads(json.dumps(shapes)) == shapes
    assert shapes["classes"] == [2, 5]
    levels = [np.frombuffer(b64decode(shape), np.uint8) for shape in shapes["shapes"]]
    assert [set(values.tolist()) for values in levels] == [{10}, {200}]
    assert [len(values) for values in levels] == [SIDE * SIDE] * 2


def test_distances_are_from_the_shapes_of_the_predicted_class() -> None:
    shapes = described(flat(10), [2])
    distances = measure_distances(flat(10, 13, 13, 13), np.array([2, 2, 5, 7]), shapes)
    assert distances.tolist() == pytest.approx([0, 3, 187, np.inf])


def test_the_limit_is_kept_by_nearly_all() -> None:
    held_out = flat(*range(10, 110))  # 0 to 99 away from shape 2
    assert described(held_out, [2] * 100)["limit"] == pytest.approx(0.97 * 99, abs=0.001)


@pytest.mark.parametrize("shape", [(28, 28), (12, 10), (5, 40)])
def test_images_of_any_shape_are_compared(shape: tuple[int, int]) -> None:
    images = flat(*[10] * 20, shape=shape)
    shapes = typical_shapes(images, np.zeros(20, np.uint8))
    assert with_limit(shapes, images, np.zeros(20, np.int64)) == {**shapes, "limit": 0}


def test_the_same_images_give_the_same_shapes() -> None:
    images = np.random.default_rng(0).integers(0, 256, (300, 12, 10), dtype=np.uint8)
    labels = (np.arange(300) % 3).astype(np.uint8)
    first, second = (typical_shapes(images, labels) for _ in range(2))
    assert first == second
    assert first["classes"] == [0] * 5 + [1] * 5 + [2] * 5
