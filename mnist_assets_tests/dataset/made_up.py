"""Datasets that somebody may have, in small: of every layout, and with what MNIST has not.

Images are noise with a bar on it whose place and pattern tell the class: tall and leaning to one
side, so that no class is its own mirror image and all are taller than wide.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from mnist_assets.dataset.idx import encode_header
from mnist_assets.dataset.idx_names import FILE_NAMES

LETTERS = [chr(ord("a") + index) for index in range(26)]


def make_part(count, side, classes, seed):
    """Images, uint8 (count, side, side), and class indices, int64 (count,), all as frequent."""
    generator = np.random.default_rng(seed)
    indices = np.arange(count) % classes
    images = generator.integers(0, 50, (count, side, side))
    columns = -(-side // 3)  # places for a bar
    for index in range(classes):
        of_class = np.flatnonzero(indices == index)
        left, rows = index % columns, index // columns
        for row in range(side - 1):
            lit = (
                left + (row + rows) // 3 % 3
            )  # it leans to one side, each class at its own heights
            level = 90 + 110 * ((row * (rows + 2) + index) % 5 > 1)
            images[of_class, row, lit] += level
            images[of_class, row, min(lit + 1, side - 1)] += level // 2
    return images.clip(0, 255).astype(np.uint8), indices


def write_idx(path, array):
    """Write an array as an IDX file of its own type: uint8, int16, int32, float32 or float64."""
    kinds = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
    array = array.astype(np.int32) if array.dtype == np.int64 else array
    header = bytearray(encode_header(array.shape))
    header[2] = kinds[array.dtype.str[1:]]
    path.write_bytes(bytes(header) + array.astype(array.dtype.newbyteorder(">")).tobytes())


def write_files(folder, **arrays):
    """Write arrays, by name, as IDX files of the standard names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        write_idx(folder / FILE_NAMES[name], array)


def four_classes(folder):
    """600 images of 20 x 20 in four classes."""
    (train, train_labels), (test, test_labels) = make_part(600, 20, 4, 0), make_part(120, 20, 4, 1)
    write_files(
        folder / "four",
        train_images=train,
        train_labels=train_labels.astype(np.uint8),
        test_images=test,
        test_labels=test_labels.astype(np.uint8),
    )
    return folder / "four"


def two_classes(folder):
    """300 images of 8 x 8 in two classes, as float64."""
    (train, train_labels), (test, test_labels) = make_part(300, 8, 2, 2), make_part(100, 8, 2, 3)
    write_files(
        folder / "two",
        train_images=train.astype(np.float64) * 0.99,
        train_labels=train_labels.astype(np.int32),
        test_images=test.astype(np.float64) * 0.99,
        test_labels=test_labels.astype(np.int32),
    )
    (folder / "two" / "dataset.yaml").write_text("title: On or off\nclass_names: ['off', 'on']\n")
    return folder / "two"


def three_classes(folder):
    """300 images of 16 x 16 in three classes, in a folder whose name is no plain word."""
    place = folder / "mes données été"
    (train, train_labels), (test, test_labels) = make_part(300, 16, 3, 4), make_part(90, 16, 3, 5)
    write_files(
        place,
        train_images=train,
        train_labels=train_labels.astype(np.uint8),
        test_images=test,
        test_labels=test_labels.astype(np.uint8),
    )
    return place


def letters(folder):
    """Letters labelled 1 to 26, named, and transposed, as EMNIST is published."""
    place = folder / "letters"
    (train, train_labels), (test, test_labels) = (
        make_part(1300, 18, 26, 6),
        make_part(520, 18, 26, 7),
    )
    write_files(
        place,
        train_images=np.ascontiguousarray(train.transpose(0, 2, 1)),
        train_labels=train_labels.astype(np.uint8) + 1,
        test_images=np.ascontiguousarray(test.transpose(0, 2, 1)),
        test_labels=test_labels.astype(np.uint8) + 1,
    )
    (place / "classes.txt").write_text("\n".join(LETTERS) + "\n")
    (place / "dataset.yaml").write_text("title: Letters\ntransposed: true\n")
    return place


def without_test(folder):
    """An .npz without a test part, labelled 10, 20 and 30."""
    images, indices = make_part(500, 14, 3, 8)
    np.savez(folder / "tens.npz", x_train=images, y_train=10 * (indices + 1))
    return folder / "tens.npz"


def pictures(folder):
    """Colour pictures of three kinds of clothes, one class a folder."""
    place = folder / "clothes"
    names = ("coat", "shirt", "trousers")
    for part, count, seed in (("train", 300, 9), ("test", 90, 10)):
        images, indices = make_part(count, 12, len(names), seed)
        for number, (image, index) in enumerate(zip(images, indices, strict=True)):
            target = place / part / names[index] / f"{number:04}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            coloured = np.stack([image, image, image // 2], axis=-1)
            Image.fromarray(coloured).save(target)
    bounds = "bounds: {quality: {label_errors: {largest_share: 0.5}}}\n"
    (place / "dataset.yaml").write_text(f"title: Clothes\n{bounds}")
    return place


@dataclass(frozen=True)
class Expected:
    """What a dataset has to come out as."""

    title: str
    names: list
    labels: list
    shape: tuple
    train: int
    test: int
    notices: int  # how many


MADE_UP = {
    four_classes: Expected("four", list("0123"), [0, 1, 2, 3], (20, 20), 600, 120, 0),
    two_classes: Expected("On or off", ["off", "on"], [0, 1], (8, 8), 300, 100, 2),
    three_classes: Expected("mes données été", list("012"), [0, 1, 2], (16, 16), 300, 90, 0),
    letters: Expected("Letters", LETTERS, list(range(1, 27)), (18, 18), 1300, 520, 2),
    without_test: Expected("tens", ["10", "20", "30"], [10, 20, 30], (14, 14), 401, 99, 2),
    pictures: Expected(
        "Clothes",
        ["coat", "shirt", "trousers"],
        ["coat", "shirt", "trousers"],
        (12, 12),
        300,
        90,
        2,
    ),
}
