import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_assets.errors import InputError
from mnist_assets.inference.likeness import typical_shapes, with_limit
from mnist_assets.inference.readings import find_all, read, score
from mnist_assets_tests.inference.test_digits import prepare_digit

Picture = NDArray[np.uint8]
COLUMNS = [
    *("picture", "digit", "probability", "second_digit", "second_probability"),
    *("part", "left", "top", "right", "bottom", "number", "doubtful", "why"),
]


def drawn(*lefts: int) -> Picture:
    """Bars, 30 pixels high, that begin in these columns."""
    picture = np.zeros((60, 160), np.uint8)
    for left in lefts:
        picture[15:45, left : left + 8] = 255
    return picture


def test_each_digit_of_each_picture_has_its_image_and_its_place() -> None:
    images, places = find_all([drawn(20), drawn(10, 30, 110)], "bars", (12, 10))
    assert images.shape == (4, 12, 10)
    np.testing.assert_array_equal(images[0], prepare_digit(drawn(20), (12, 10)))
    assert places["picture"].tolist() == [0, 1, 1, 1]
    assert places["part"].tolist() == [0, 0, 1, 2]
    assert places["number"].tolist() == [0, 0, 0, 1]
    box = places[["left", "top", "right", "bottom"]].to_numpy().tolist()
    assert box[1:] == [[10, 15, 18, 45], [30, 15, 38, 45], [110, 15, 118, 45]]


def test_boxes_are_in_pixels_of_the_picture_however_large() -> None:
    large = np.kron(drawn(20), np.ones((20, 20), np.uint8))
    _, places = find_all([large], "large")
    assert places.loc[0, ["left", "top", "right", "bottom"]].tolist() == pytest.approx(
        [400, 300, 560, 900], abs=4
    )


def test_a_picture_as_large_as_the_image_is_one_digit() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 4:8] = image[4:24, 18:22] = 255
    assert len(find_all([image], "one")[0]) == 1
    assert len(find_all([np.pad(image, 1)], "two")[0]) == 2


def test_the_blank_picture_is_named() -> None:
    blank = np.zeros((9, 9), np.uint8)
    with pytest.raises(InputError, match=r"^digits\.idx, picture 1: found no ink"):
        find_all([drawn(20), blank], "digits.idx")
    with pytest.raises(InputError, match=r"^digit\.png: found no ink"):
        find_all([blank], "digit.png")


def test_readings_say_which_number_and_what_is_doubtful() -> None:
    images, places = find_all([drawn(10, 30, 110), drawn(10)], "bars")
    probabilities = np.zeros((4, 10), np.float32)
    probabilities[range(4), [4, 0, 7, 1]] = 0.9, 0.9, 0.6, 0.7
    probabilities[:, 9] = 0.1
    known = np.repeat(images[:1], 20, axis=0)
    shapes = with_limit(typical_shapes(known, np.full(20, 4, np.uint8)), known, np.full(20, 4))
    table = read(probabilities, images, places, shapes, doubtful_below=0.8)
    assert list(table.columns) == COLUMNS
    assert table["number"].tolist() == ["40", "40", "7", "1"]
    assert table["why"].tolist() == [
        "",
        "unlike a digit",
        "unsure, unlike a digit",
        "unsure, unlike a digit",
    ]
    assert table["doubtful"].tolist() == [False, True, True, True]
    without = read(probabilities, images, places, None, doubtful_below=0.8)
    assert without["why"].tolist() == ["", "", "unsure", "unsure"]


def test_scores_name_the_two_most_probable_digits() -> None:
    table = score(np.array([[0.1, 0.7, 0.2], [0.4, 0.2, 0.4]], np.float32))
    assert list(table.columns) == ["digit", "probability", "second_digit", "second_probability"]
    assert table["digit"].tolist() == [1, 0]
    assert table["second_digit"].tolist() == [2, 2]
    np.testing.assert_array_equal(table["probability"], np.array([0.7, 0.4], np.float32))
    np.testing.assert_array_equal(table["second_probability"], np.array([0.2, 0.4], np.float32))


def test_one_class_has_no_second_guess() -> None:
    with pytest.raises(InputError, match="classes at least 2"):
        score(np.ones((3, 1), np.float32))
