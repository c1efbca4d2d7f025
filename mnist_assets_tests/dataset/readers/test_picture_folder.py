import numpy as np
import pytest
from PIL import Image

from mnist_assets.dataset.readers import picture_folder
from mnist_assets.dataset.readers.picture_folder import PictureFolder, read_picture
from mnist_assets.errors import InputError

PIXELS = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


def save(path, pixels=PIXELS, mode=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path, **options)


@pytest.fixture
def folder(tmp_path):
    """Two classes in both parts."""
    for part, count in (("train", 3), ("test", 1)):
        for label in ("b", "a"):
            for number in range(count):
                save(tmp_path / part / label / f"{number}.png")
    return tmp_path


def test_both_parts_are_read_class_by_class(folder):
    source = PictureFolder(folder).read()
    assert source.train.labels.tolist() == ["a"] * 3 + ["b"] * 3
    assert source.test.labels.tolist() == ["a", "b"]
    assert source.train.images.shape == (6, 3, 4)
    assert (source.train.images == PIXELS).all()
    assert source.notices == ()


def test_files_are_in_the_order_of_the_images(folder):
    files = [path.relative_to(folder).as_posix() for path in PictureFolder(folder).files()]
    assert files[:2] == ["train/a/0.png", "train/a/1.png"]
    assert files[-2:] == ["test/a/0.png", "test/b/0.png"]


def test_names_that_are_numbers_are_labels_in_their_order(tmp_path):
    for name in ("10", "9", "-"):
        save(tmp_path / "train" / name / "0.png")
    assert PictureFolder(tmp_path).read().train.labels.tolist() == ["-", "10", "9"]
    (tmp_path / "train" / "-").rename(tmp_path / "train" / "002")
    assert PictureFolder(tmp_path).read().train.labels.tolist() == [2, 9, 10]
    (tmp_path / "train" / "9").rename(tmp_path / "train" / "2")  # as 002, if it were a number
    assert PictureFolder(tmp_path).read().train.labels.tolist() == ["002", "10", "2"]


def test_without_a_folder_for_training_the_classes_are_at_the_top(tmp_path):
    for name in ("train", "plane"):
        save(tmp_path / name / "0.png")
    assert PictureFolder.is_at(tmp_path)
    source = PictureFolder(tmp_path).read()
    assert source.train.labels.tolist() == ["plane", "train"]
    assert source.test is None


def test_mnist_as_pictures_has_other_names_for_the_parts(folder):
    (folder / "train").rename(folder / "training")
    (folder / "test").rename(folder / "testing")
    assert len(PictureFolder(folder).read().test.images) == 2


def test_what_is_hidden_is_passed_over_and_what_is_no_picture_told(folder):
    (folder / "train" / ".cache").mkdir()
    (folder / "train" / "a" / ".hidden.png").write_bytes(b"no picture")
    save(folder / "val" / "a" / "0.png")
    (folder / "train" / "b" / "notes.txt").write_text("no picture")
    assert PictureFolder(folder).read().notices == (
        "train: 1 not read, no pictures: train/b/notes.txt first.",
        "Not read: the folder val.",
    )


def test_another_size_is_refused_with_the_first_that_has_it(folder):
    save(folder / "train" / "b" / "1.png", PIXELS[:, :3])
    save(folder / "train" / "b" / "2.png", PIXELS[:2])
    expected = r"b/1.png: found a picture of 3 x 3 .* expected 3 x 4, the size of .*train/a/0.png"
    with pytest.raises(InputError, match=expected):
        PictureFolder(folder).read()


@pytest.mark.parametrize("change", ["empty class", "no class", "damaged", "cut short", "text"])
def test_what_cannot_be_read_is_named(folder, change):
    path = folder / "train" / "a" / "1.png"
    match change:
        case "empty class":
            (folder / "train" / "c").mkdir()
            expected = r"train/c: found no picture"
        case "no class":
            for file in sorted((folder / "test").rglob("*"), reverse=True):
                file.unlink() if file.is_file() else file.rmdir()
            (folder / "test" / "a").mkdir()
            expected = r"test/a: found no picture"
        case "damaged":
            path.write_bytes(path.read_bytes()[:40] + b"x" + path.read_bytes()[41:])
            expected = r"train/a/1.png: found what Pillow cannot read"
        case "cut short":
            path.write_bytes(path.read_bytes()[:50])
            expected = r"train/a/1.png: found what Pillow cannot read"
        case "text":
            path.write_text("GIF is what this is not")
            expected = r"train/a/1.png: found what Pillow cannot read"
    with pytest.raises(InputError, match=expected):
        PictureFolder(folder).read()


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [
        ("LARGEST_FILE", 10, r"a/0.png: found \d+ bytes, expected at most 10 bytes"),
        ("LARGEST_PICTURE", 11, r"a/0.png: found 12 pixels, expected at most 11 pixels"),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_decoded(
    folder, monkeypatch, limit, value, message
):
    monkeypatch.setattr(picture_folder, limit, value)
    monkeypatch.setattr(picture_folder, "_grey", lambda _: pytest.fail("it was decoded"))
    with pytest.raises(InputError, match=message):
        PictureFolder(folder).read()


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.png", None),
        ("a.png", "RGB"),
        ("a.png", "RGBA"),
        ("a.png", "LA"),
        ("a.png", "P"),
        ("a.bmp", None),
        ("a.gif", None),
        ("a.tiff", None),
        ("a.webp", "RGB"),
        ("a.pgm", None),
    ],
)
def test_grey_in_any_format_is_the_same_grey(tmp_path, name, mode):
    options = {"lossless": True} if name.endswith("webp") else {}
    save(tmp_path / name, mode=mode, **options)
    grey, coloured = read_picture(tmp_path / name)
    np.testing.assert_array_equal(grey, PIXELS)
    assert not coloured


@pytest.mark.parametrize("name", ["a.png", "a.tiff", "a.pgm"])
def test_sixteen_bits_are_scaled(tmp_path, name):
    save(tmp_path / name, PIXELS.astype(np.uint16) * 257)
    np.testing.assert_array_equal(read_picture(tmp_path / name)[0], PIXELS)


@pytest.mark.parametrize(
    ("name", "pixels", "seen"),
    [
        ("a.tiff", PIXELS.astype(np.int32) * 1000, "32 bits"),
        ("a.tiff", PIXELS.astype(np.float32) / 255, "fractions"),
        ("a.pfm", PIXELS.astype(np.float32), "fractions"),
    ],
)
def test_levels_of_which_nobody_knows_what_is_white_are_refused(tmp_path, name, pixels, seen):
    save(tmp_path / name, pixels)
    with pytest.raises(InputError, match=rf"{name}: found levels .*{seen}.* expected 8 or 16 bits"):
        read_picture(tmp_path / name)


def test_colour_is_told_and_what_is_transparent_is_white(tmp_path):
    coloured = np.zeros((2, 2, 4), np.uint8)
    coloured[0, 0] = (255, 0, 0, 255)
    save(tmp_path / "a.png", coloured)
    grey, in_colour = read_picture(tmp_path / "a.png")
    assert grey.tolist() == [[76, 255], [255, 255]]
    assert in_colour


def test_pictures_are_upright_as_their_exif_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera turned by 90 degrees
    save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png")[0], np.rot90(PIXELS, -1))
