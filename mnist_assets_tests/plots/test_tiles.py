"""Images in rows and columns: where they stand, and that they are those given."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure

from mnist_assets.plots.layout import page
from mnist_assets.plots.style import styled, to_png
from mnist_assets.plots.tiles import lay_tiles


def drawn_tiles(axes):
    """The images that an Axes shows as one, row by row."""
    (shown,) = axes.images
    canvas = shown.get_array()
    drawn = ~np.ma.getmaskarray(canvas)
    parts = [
        (rows, columns) for rows in runs(drawn.any(axis=1)) for columns in runs(drawn.any(axis=0))
    ]
    return [canvas[part].data for part in parts if drawn[part].all()]


def runs(flags):
    """Slices of neighbours that are all true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags, [0]]).astype(int)))
    return [slice(*edges[place : place + 2]) for place in range(0, len(edges), 2)]


@styled
def drawing(images, tiles):
    figure = Figure(figsize=(tiles.right + 0.1, tiles.bottom + 0.1))
    tiles.draw(page(figure), images)
    return figure


def numbered(count, height, width):
    """Images of which no two pixels are equal."""
    return np.arange(count * height * width, dtype=np.uint16).reshape(count, height, width)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("shape", [(12, 10), (20, 30), (300, 400)])
def test_every_image_is_drawn_in_its_order(count, shape):
    images = numbered(count, *shape)
    tiles = lay_tiles(images, 3, side=1, gap=(0.2, 0.1), left=0.1, top=0.3)
    drawn = drawn_tiles(drawing(images, tiles).axes[0])
    np.testing.assert_array_equal(drawn, images)


def test_images_stand_apart_row_by_row():
    images = numbered(5, 12, 10)
    tiles = lay_tiles(images, 2, side=1, gap=(0.2, 0.1), left=0.1, top=0.3)
    # 8 dots a pixel, so that 12 pixels are 0.96 inches; 0.2 inches are 2.5 pixels, of which 3 stay.
    boxes = [tiles.box(place) for place in range(5)]
    assert boxes[0] == pytest.approx((0.1, 0.3, 0.8, 0.96))
    assert boxes[1] == pytest.approx((0.1 + 0.8 + 0.16, 0.3, 0.8, 0.96))
    assert boxes[4] == pytest.approx((0.1, 0.3 + 2 * (0.96 + 0.24), 0.8, 0.96))
    assert tiles.right == pytest.approx(boxes[1][0] + 0.8)
    assert tiles.bottom == pytest.approx(boxes[4][1] + 0.96)


def test_a_wide_caption_keeps_narrow_images_apart():
    images = numbered(3, 30, 10)
    tiles = lay_tiles(images, 3, side=0.9, gap=(0.1, 0.1), pitch=1, left=0, top=0)
    lefts = [tiles.box(place)[0] for place in range(3)]
    assert all(after - before >= 1 for before, after in pairwise(lefts))


def test_pixels_are_whole_dots_unless_there_are_too_many():
    assert lay_tiles(numbered(1, 28, 28), 1, side=0.85, gap=(0, 0), left=0, top=0).scale == 0.03
    many = lay_tiles(numbered(1, 200, 100), 1, side=1, gap=(0, 0), left=0, top=0)
    assert many.box(0)[2:] == pytest.approx((0.5, 1))


def test_the_picture_has_the_images_dot_by_dot():
    from io import BytesIO

    from PIL import Image

    images = np.array([[[0, 255], [255, 0]], [[255, 0], [0, 0]]], np.uint8)
    tiles = lay_tiles(images, 2, side=0.04, gap=(0.1, 0.1), left=0.1, top=0.2)
    png = to_png(drawing(images, tiles))
    picture = np.asarray(Image.open(BytesIO(png)).convert("L"))
    white = 255
    assert picture[20:24, 10:14].tolist() == np.kron(images[0], np.ones((2, 2))).tolist()
    assert (picture[20:24, 14:24] == white).all(), "between the images"
    assert picture[20:24, 24:28].tolist() == np.kron(images[1], np.ones((2, 2))).tolist()
    assert (picture[:20] == white).all()
