from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnist_assets.dataset.idx import load_idx
from mnist_assets.dataset.idx_names import FILE_NAMES
from mnist_assets.errors import InputError
from mnist_assets.evaluation.predictions import predict
from mnist_assets.inference.digits import MNIST_SHAPE, find_digits
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.training import train_network
from mnist_assets.preparation.normalization import fit_normalization
from mnist_assets_tests.inference.handmade import encoded

Picture = NDArray[np.uint8]

MNIST = Path(__file__).parents[2] / "data" / "raw" / "mnist"


def prepare_digit(picture: Picture, shape: tuple[int, int] = MNIST_SHAPE) -> Picture:
    """The image of a picture's only digit."""
    (digit,) = find_digits(picture, shape)
    return digit.image


def seven(height: int, width: int, thick: int = 3) -> Picture:
    """A 7 that reaches all four edges: light on black."""
    picture = np.zeros((height, width), np.uint8)
    picture[:thick] = 255
    for row in range(height):
        end = width - round((width - thick) * row / height)
        picture[row, end - thick : end] = 255
    return picture


def on_canvas(digit: Picture, shape: tuple[int, int], top: int, left: int) -> Picture:
    canvas = np.zeros(shape, np.uint8)
    canvas[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return canvas


def box(image: Picture) -> tuple[int, int, int, int]:
    """First and last inked row, then column."""
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


def centre(image: Picture) -> NDArray[np.float64]:
    return np.array([np.average(places, weights=image) for places in np.indices(image.shape)])


# --- preparing ---


def test_a_digit_is_scaled_to_the_box_and_centred_by_its_mass() -> None:
    prepared = prepare_digit(on_canvas(seven(200, 120, 24), (300, 300), 10, 150))
    assert prepared.shape == (28, 28)
    assert prepared.dtype == np.uint8
    assert prepared.max() == 255
    top, bottom, left, right = box(prepared)
    assert (bottom - top + 1, right - left + 1) == (20, 12)
    assert np.abs(centre(prepared) - 14).max() <= 0.5


def test_a_wide_digit_keeps_its_aspect_ratio() -> None:
    top, bottom, left, right = box(prepare_digit(on_canvas(seven(30, 60, 6), (80, 90), 20, 20)))
    assert (bottom - top + 1, right - left + 1) == (10, 20)


def test_what_is_already_like_mnist_stays_as_it_is() -> None:
    digit = seven(20, 14)
    # Placed by hand where round(14 - centre of mass) puts it: indices from 0.
    top, left = (round(14 - place) for place in centre(digit))
    image = on_canvas(digit, (28, 28), top, left)
    np.testing.assert_array_equal(prepare_digit(image), image)
    np.testing.assert_array_equal(prepare_digit(prepare_digit(image)), image)


def test_neither_place_nor_polarity_nor_contrast_matter() -> None:
    digit = seven(40, 30, 5)
    expected = prepare_digit(on_canvas(digit, (90, 80), 20, 20))
    moved = on_canvas(digit, (120, 99), 71, 3)
    np.testing.assert_array_equal(prepare_digit(moved), expected)
    np.testing.assert_array_equal(prepare_digit(255 - moved), expected)
    faint = (200 - moved // 5).astype(np.uint8)  # 51 grey levels darker than its paper
    np.testing.assert_array_equal(prepare_digit(faint), expected)


def test_ink_is_never_pushed_out_of_the_image() -> None:
    lopsided = np.zeros((100, 60), np.uint8)
    lopsided[20:30, 10:50] = 255
    lopsided[30:80, 29:31] = 70  # a faint tail of four fifths of the height
    prepared = prepare_digit(lopsided)
    top, bottom, _, _ = box(prepared)
    assert bottom - top + 1 == 20
    assert bottom == 27  # as near as fits: its mass alone would put the box at rows 11 to 30


def test_hair_lines_in_a_large_picture_are_not_lost() -> None:
    picture = np.full((2000, 1000), 255, np.uint8)
    picture[100:1900, 500] = 0
    prepared = prepare_digit(picture)
    top, bottom, left, right = box(prepared)
    assert (bottom - top + 1, right - left + 1) == (20, 2)
    assert (prepared[5:23, 14] > 200).all()
    assert prepared[12].sum() / 255 == pytest.approx(2.4, abs=0.5)  # as wide as MNIST's


@pytest.mark.parametrize(("background", "noise"), [(0, 3), (255, 3), (60, 8), (140, 8), (200, 8)])
def test_noise_dust_and_uneven_light_do_not_widen_the_box(background: int, noise: float) -> None:
    generator = np.random.default_rng(1)
    sign = -1 if background > 127 else 1
    light = np.linspace(0, 12, 200)  # grey levels of difference across the picture
    digit = on_canvas(seven(100, 60, 14), (200, 200), 50, 60) * 0.4
    digit[3:6, 190:193] = digit[195:198, 5:7] = 90  # dust, in two corners
    digit[35:51, 190:192] = digit[149:165, 5:7] = 90  # and in one row with the digit's ends
    noisy = generator.normal(background + sign * (digit + light), noise)
    prepared = prepare_digit(noisy.clip(0, 255).astype(np.uint8))
    clean = prepare_digit(seven(100, 60, 14))
    assert box(prepared) == pytest.approx(box(clean), abs=1)
    assert np.abs(prepared.astype(int) - clean).mean() < 10


def test_a_few_light_pixels_do_not_make_the_digit_too_faint() -> None:
    faint = on_canvas(seven(60, 40, 6) // 255 * 30, (90, 90), 20, 20)
    spotted = faint.copy()
    spotted[21:23, 30:32] = 255  # on the digit, a twentieth of all ink
    assert box(prepare_digit(spotted)) == box(prepare_digit(faint))


def test_parts_of_a_digit_that_stand_apart_stay() -> None:
    five = np.zeros((60, 60), np.uint8)
    five[10:50, 20:26] = 255
    five[20:26, 34:40] = 255  # a ninth of the ink, apart from the rest
    _, _, left, right = box(prepare_digit(five))
    assert right - left + 1 == 10


@pytest.mark.parametrize("shape", [(12, 10), (10, 12), (28, 28), (64, 64), (5, 40)])
def test_other_shapes_have_a_box_in_proportion(shape: tuple[int, int]) -> None:
    prepared = prepare_digit(on_canvas(seven(60, 60, 9), (90, 90), 15, 15), shape)
    assert prepared.shape == shape
    top, bottom, left, right = box(prepared)
    side = min(round(20 / 28 * length) for length in shape)
    assert (bottom - top + 1, right - left + 1) == (side, side)


@pytest.mark.parametrize(
    "blank",
    [
        np.zeros((28, 28), np.uint8),
        np.full((1, 1), 255, np.uint8),
        np.full((30, 40), 128, np.uint8) + np.eye(30, 40, dtype=np.uint8) * 20,
        np.random.default_rng(0).normal(200, 6, (100, 100)).astype(np.uint8),
        np.pad(np.full((3, 3), 255, np.uint8), 20),
    ],
    ids=["black", "one pixel", "too faint", "paper", "a speck"],
)
def test_a_picture_without_ink_is_refused(blank: Picture) -> None:
    with pytest.raises(InputError, match="no ink"):
        prepare_digit(blank)


# --- MNIST itself ---


@cache
def mnist(name: str) -> Picture:
    return load_idx(MNIST / f"{FILE_NAMES[name]}.gz", dimensions=None, sha256=None).values


def enlarge(digit: Picture, generator: np.random.Generator) -> Picture:
    side = round(28 * generator.uniform(2, 8))
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC))


def shift(digit: Picture, generator: np.random.Generator) -> Picture:
    shape = [side + int(generator.integers(2 * side)) for side in digit.shape]
    top, left = (
        int(generator.integers(room - side + 1))
        for room, side in zip(shape, digit.shape, strict=True)
    )
    return on_canvas(digit, (shape[0], shape[1]), top, left)


def jpeg(digit: Picture, generator: np.random.Generator) -> Picture:
    quality = int(generator.integers(30, 96))
    return np.asarray(Image.open(BytesIO(encoded(Image.fromarray(digit), "JPEG", quality=quality))))


def photograph(digit: Picture, generator: np.random.Generator) -> Picture:
    """Grey ink on grey paper, with noise."""
    return generator.normal(210.0 - 0.6 * digit, 5).clip(0, 255).astype(np.uint8)


def invert(digit: Picture, _: np.random.Generator) -> Picture:
    return 255 - digit


KINDS: dict[str, list[Callable[[Picture, np.random.Generator], Picture]]] = {
    "as they are": [],
    "inverted": [invert],
    "shifted": [shift],
    "enlarged": [enlarge],
    "enlarged, inverted": [enlarge, invert],
    "enlarged, shifted, inverted": [enlarge, shift, invert],
    "enlarged, shifted, JPEG": [enlarge, shift, jpeg],
    "enlarged, shifted, inverted, JPEG": [enlarge, shift, invert, jpeg],
    "enlarged, shifted, photographed, JPEG": [enlarge, shift, photograph, jpeg],
}


def single(picture: Picture) -> Picture:
    """The image of a picture's digit, or a blank one if it is taken for several."""
    found = find_digits(picture)
    return found[0].image if len(found) == 1 else np.zeros((28, 28), np.uint8)


def train_quickly(images: Picture, labels: Picture, split: dict[str, NDArray[np.int32]]) -> Any:
    """Train a network of 97 % in a few seconds."""
    training = Training.model_validate(
        {
            "layers": [{"kind": "dense", "units": 128}],
            "optimizer": {"kind": "adam", "learning_rate": 0.001},
            "batch_size": 128,
            "epochs": 4,
            "seed": 0,
        }
    )
    trained, _ = train_network(
        "quick",
        training,
        images,
        labels,
        split,
        fit_normalization(images, split["train"], std_floor=25.5),
        classes=10,
        memory_limit=10**9,
        on_epoch=lambda _: None,
    )
    return trained.model


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_mnist_digits_changed_as_people_do_are_read_as_well_as_the_originals(
    network: Any, kind: str
) -> None:
    images, labels = mnist("test_images")[::20], mnist("test_labels")[::20]
    generator = np.random.default_rng(0)
    pictures = list(images)
    for change in KINDS[kind]:
        pictures = [change(picture, generator) for picture in pictures]
    accuracy, original = (
        float((predict(network, batch, 1000).argmax(axis=1) == labels).mean())
        for batch in (np.stack([single(picture) for picture in pictures]), images)
    )
    assert original > 0.96
    assert accuracy >= original - 0.015, f"{accuracy:.4f} instead of {original:.4f}"


@pytest.mark.slow
def test_mnist_places_its_digits_where_the_procedure_does() -> None:
    images = mnist("test_images")
    boxes = _boxes(images)
    inked = [image[slice(*rows)][:, slice(*columns)] for image, rows, columns in boxes]
    assert np.mean([max(ink.shape) == 20 for ink in inked]) > 0.999
    assert all(
        round(14 - middle) == first
        for (_, rows, columns), ink in zip(boxes, inked, strict=True)
        for middle, first in zip(centre(ink), (rows[0], columns[0]), strict=True)
    )
    # Those that differ lose an edge too faint to count as ink, or have unusual strokes: one in ten.
    images = images[::5]
    prepared = np.stack([prepare_digit(image) for image in images])
    assert (prepared == images).all(axis=(1, 2)).mean() > 0.55
    differences = np.abs(prepared.astype(np.int16) - images).mean(axis=(1, 2))
    assert np.quantile(differences, 0.85) < 0.5


def _boxes(images: Picture) -> list[tuple[Picture, tuple[int, int], tuple[int, int]]]:
    return [
        (image, (top, bottom + 1), (left, right + 1))
        for image in images
        for top, bottom, left, right in [box(image)]
    ]
