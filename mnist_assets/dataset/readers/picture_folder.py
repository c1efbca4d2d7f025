"""A folder of pictures for each class: `train/<class>/*.png` and `test/<class>/*.png`.

Without a folder for training, the folders of the classes are looked for at the top, and there is no
test part. Hidden files and folders are passed over.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_assets.dataset.declaration import CLASSES, FILE, beside
from mnist_assets.dataset.readers.reader import Part, Source
from mnist_assets.errors import InputError

TRAIN, TEST = ("train", "training"), ("test", "testing")
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
# Those formats of Pillow's that hold nothing but pixels, read by its own, well-worn decoders.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
LARGEST_FILE, LARGEST_PICTURE = 20_000_000, 25_000_000  # bytes, and pixels before any is decoded
GREY_MODES = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L")


class PictureFolder:
    """The dataset in folders of pictures."""

    layout = "pictures by class"

    def __init__(self, folder: Path) -> None:
        """Read from the folder at the top."""
        self._folder = folder

    @classmethod
    def is_at(cls, folder: Path) -> bool:
        """Tell whether there is a folder for training, or one with pictures."""
        if _named(folder, TRAIN):
            return True
        return any(_pictures(inside)[0] for inside in _folders(folder))

    def files(self) -> list[Path]:
        """List the pictures, those of training first, class by class, by name."""
        return [
            path for part in self._parts() for of_class in _classes(part) for path in of_class[1]
        ]

    def read(self) -> Source:
        """Read the pictures; all have the size of the first."""
        folders = self._parts()
        train, *test = (_read_part(folder) for folder in folders)
        notices = [notice for _, of_part in (train, *test) for notice in of_part]
        unread = [path.name for path in _folders(self._folder) if path not in folders]
        if unread and folders != [self._folder]:
            notices.append(f"Not read: the folder {', '.join(unread)}.")
        own = {beside(self._folder, name) for name in (FILE, CLASSES)}
        for folder in dict.fromkeys((self._folder, *folders)):
            stray = [path.name for path in _visible(folder) if path.is_file() and path not in own]
            if stray:
                notices.append(f"Not read: {', '.join(stray[:3])} in {folder.name}.")
        return Source(train[0], test[0][0] if test else None, tuple(notices))

    def _parts(self) -> list[Path]:
        """The folder of the training part and, if there is one, that of the test part."""
        train = _named(self._folder, TRAIN)
        if train is None:
            return [self._folder]
        test = _named(self._folder, TEST)
        return [train] if test is None else [train, test]


def _named(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The folder of that name that holds folders, which a class with the name would not."""
    return next((path for path in _folders(folder) if path.name in names and _folders(path)), None)


def _folders(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if path.is_dir()]


def _visible(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise InputError(
            folder,
            seen=error.strerror,
            expected="a folder that can be read",
            remedy="Check its permissions.",
        ) from error


def _pictures(folder: Path) -> tuple[list[Path], list[Path]]:
    """The pictures in a folder, and what else is in it."""
    pictures: list[Path] = []
    others: list[Path] = []
    for path in _visible(folder):
        is_picture = path.suffix.lower() in ENDINGS and path.is_file()
        (pictures if is_picture else others).append(path)
    return pictures, others


def _classes(part: Path) -> list[tuple[str | int, list[Path], list[Path]]]:
    """The classes of a part: the label, the pictures and what else is there. Numbers as numbers."""
    found: dict[str, tuple[list[Path], list[Path]]] = {
        folder.name: _pictures(folder) for folder in _folders(part)
    }
    empty = next((name for name, (pictures, _) in found.items() if not pictures), None)
    if empty is not None or not found:
        raise InputError(
            part / (empty or ""),
            seen="no picture" if found else "no folder",
            expected=f"a folder for each class, with pictures in it ({', '.join(ENDINGS)})",
            remedy="Put the pictures of each class directly into a folder of its own.",
        )
    numbers = {name: int(name) for name in found if name.isascii() and name.isdecimal()}
    labels: dict[str, str | int] = {name: name for name in found}
    if len(set(numbers.values())) == len(found):
        labels = dict(sorted(numbers.items(), key=lambda item: item[1]))
    return [(label, *found[name]) for name, label in labels.items()]


def _read_part(folder: Path) -> tuple[Part, list[str]]:
    classes = _classes(folder)
    files = [(label, path) for label, pictures, _ in classes for path in pictures]
    first, coloured = None, 0
    images = np.empty(0, np.uint8)
    for number, (_, path) in enumerate(files):
        image, in_colour = read_picture(path)
        coloured += in_colour
        if first is None:
            first, images = path, np.empty((len(files), *image.shape), np.uint8)
        if image.shape != images.shape[1:]:
            raise _other_size(path, image.shape, first, images.shape[1:])
        images[number] = image
    notices = [f"{folder.name}: colour was turned to grey in {coloured:,} pictures."]
    notices = notices if coloured else []
    if others := [path for *_, of_class in classes for path in of_class]:
        where = others[0].relative_to(folder.parent)
        notices.append(f"{folder.name}: {len(others):,} not read, no pictures: {where} first.")
    labels = np.array([label for label, _ in files])
    return Part(images, labels, str(folder), str(folder)), notices


def _other_size(
    path: Path, size: tuple[int, ...], first: Path, expected: tuple[int, ...]
) -> InputError:
    return InputError(
        path,
        seen=f"a picture of {size[0]} x {size[1]} pixels (height x width)",
        expected=f"{expected[0]} x {expected[1]}, the size of {first}",
        remedy="Bring all pictures to one size first: how (cut, stretched, with a margin) matters.",
    )


def read_picture(path: Path) -> tuple[NDArray[np.uint8], bool]:
    """Read one picture, upright as its EXIF says, the first of an animation.

    Returns:
        uint8 (height, width), 0 black to 255 white, on white where it is transparent; and whether
        it had colour.

    Raises:
        InputError: It cannot be read, is too large, cut short, damaged or of another format, or has
            fractions or 32 bits a pixel, of which nobody but its owner knows what is white.
    """
    from PIL import Image, ImageOps

    try:
        _require_at_most(path, path.stat().st_size, LARGEST_FILE, "bytes")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large pictures, which are refused here
            with Image.open(path, formats=FORMATS) as image:
                _require_at_most(path, image.width * image.height, LARGEST_PICTURE, "pixels")
                _require_known_levels(path, image)
                return _grey(ImageOps.exif_transpose(image))
    except InputError:
        raise
    except Exception as error:  # of any kind: Pillow trips over damaged files in many ways
        raise InputError(
            path,
            seen=f"what Pillow cannot read ({error})",
            expected=f"a whole picture in one of the formats {', '.join(FORMATS)}",
            remedy="Replace the picture, or take it out of the folder.",
        ) from error


def _require_at_most(path: Path, count: int, most: int, what: str) -> None:
    if count > most:
        raise InputError(
            path,
            seen=f"{count:,} {what}",
            expected=f"at most {most:,} {what}",
            remedy="Scale the picture down: networks here learn from small images.",
        )


def _require_known_levels(path: Path, image: Any) -> None:
    is_wide = image.mode == "I" and image.format == "TIFF"  # elsewhere the mode has 16 bits
    if image.mode == "F" or is_wide:
        raise InputError(
            path,
            seen="levels of 32 bits, or with a sign" if is_wide else "levels that are fractions",
            expected="8 or 16 bits without a sign, from black to white",
            remedy="Save the picture with 8 bits: what is black in it and what white, you decide.",
        )


def _grey(image: Any) -> tuple[NDArray[np.uint8], bool]:
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits, which Pillow would clip rather than scale
        return ((np.asarray(image).astype(np.uint32) + 128) // 257).astype(np.uint8), False
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", coloured.size, "white"), coloured)
    if image.mode in GREY_MODES:
        return np.asarray(image.convert("L")), False
    channels = np.asarray(image.convert("RGB"))
    in_colour = bool((channels != channels[..., :1]).any())
    return np.asarray(image.convert("L")), in_colour
