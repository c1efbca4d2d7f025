import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from mnist_assets.cli.main import main
from mnist_assets.cli.predict import _percent
from mnist_assets.dataset.idx import encode_header
from mnist_assets_tests.cli.command import command
from mnist_assets_tests.inference.handmade import encoded


def drawn(*lefts):
    """Light bars on black, 30 pixels high, that begin in these columns."""
    picture = np.zeros((60, 120), np.uint8)
    for left in lefts:
        picture[15:45, left : left + 8] = 255
    return picture


@pytest.fixture
def pictures(made_project):
    """A folder of three: one bar, two bars, and two images in an IDX file."""
    folder = made_project.folder / "pictures"
    folder.mkdir()
    (folder / "a.png").write_bytes(encoded(drawn(20)))
    (folder / "b.gif").write_bytes(encoded(255 - drawn(20, 50), "GIF"))
    images = np.zeros((2, 12, 10), np.uint8)
    images[:, 2:10, 3:6] = 255
    (folder / "c.idx").write_bytes(encode_header(images.shape) + images.tobytes())
    (folder / ".hidden").write_bytes(b"")
    return folder


def test_each_digit_is_a_row(pictures):
    result = command("predict", pictures / "b.gif", pictures / "c.idx")
    assert result.exit_code == 0
    header, *rows = result.output.splitlines()
    assert header.split()[:4] == ["file", "picture", "digit", "probability"]
    assert [row.split()[:2] for row in rows] == [
        [str(pictures / "b.gif"), "0"],
        [str(pictures / "b.gif"), "0"],
        [str(pictures / "c.idx"), "0"],
        [str(pictures / "c.idx"), "1"],
    ]
    assert "20, 15, 28, 45" in rows[0]
    assert "50, 15, 58, 45" in rows[1]


@pytest.mark.parametrize("given", ["", "*", "?.*"])
def test_folders_and_patterns_give_json_for_scripts(pictures, given):
    result = CliRunner().invoke(main, ["predict", "--json", str(pictures / given)])
    assert result.exit_code == 0
    records = json.loads(result.stdout)
    names = [record["file"].removeprefix(f"{pictures}/") for record in records]
    assert names == ["a.png", "b.gif", "b.gif", "c.idx", "c.idx"]
    assert [(record["picture"], record["part"]) for record in records] == [
        (0, 0), (0, 0), (0, 1), (0, 0), (1, 0),
    ]  # fmt: skip
    second, third = records[1:3]
    assert second["box"] == [20, 15, 28, 45]
    assert second["number"] == third["number"] == f"{second['digit']}{third['digit']}"
    for record in records:
        assert record["probability"] >= record["second_probability"]
        assert record["doubtful"] == bool(record["why"])


def test_a_folder_of_folders_alone_is_refused(pictures):
    (pictures.parent / "outer").mkdir()
    pictures.rename(pictures.parent / "outer" / "inner")
    result = command("predict", pictures.parent / "outer")
    assert result.exit_code == 1
    assert "outer: found no file in this folder itself, expected pictures in it" in result.output


def test_only_certainty_reads_as_100_percent():
    assert [_percent(share) for share in (0.99999, 1.0, 0.5)] == ["99.9%", "100.0%", "50.0%"]


def test_what_was_seen_is_drawn(pictures):
    target = pictures.parent / "seen.png"
    assert command("predict", pictures, "--show", target).exit_code == 0
    with Image.open(target) as image:
        assert image.format == "PNG"
        assert min(image.size) > 250


def test_a_picture_of_what_was_seen_must_be_writable(pictures):
    result = command("predict", pictures, "--show", pictures / "not" / "there.png")
    assert result.exit_code == 1
    assert "expected a file that can be written" in result.output


@pytest.mark.usefixtures("project")
def test_without_a_champion_it_says_how_to_get_one(tmp_path):
    result = command("predict", tmp_path / "picture.png")
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {tmp_path / 'assets' / 'champion'}: found no champion")
    assert "Run `mnist-assets materialize`. If that was done" in result.output


def test_files_that_are_no_pictures_keep_no_other_from_being_read(pictures):
    wrong, missing = pictures.parent / "networks.yaml", pictures / "missing.png"
    result = CliRunner().invoke(main, ["predict", *map(str, (wrong, missing, pictures / "a.png"))])
    assert result.exit_code == 1
    first, second = result.stderr.splitlines()
    assert first.startswith(f"Error: {wrong}: found ")
    assert second.startswith(f"Error: {missing}: found No such file")
    assert len(result.stdout.splitlines()) == 2
