import numpy as np
import pytest

from mnist_assets_tests.cli.command import command
from mnist_assets_tests.dataset.made_up import letters, make_part, pictures, write_files


def test_it_says_what_is_there_and_what_would_be_read(tmp_path):
    result = command("dataset", "inspect", pictures(tmp_path))
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        f"{tmp_path / 'clothes'}: pictures by class, 390 files",
        "with dataset.yaml",
        "title:   Clothes",
        "train:   300 images of 12 x 12 pixels (height x width), grey levels 0 to 235",
        "test:    90 images of 12 x 12 pixels (height x width), grey levels 0 to 235",
        "classes: 3",
        "  coat: 100 to train with, 30 to test",
        "  shirt: 100 to train with, 30 to test",
        "  trousers: 100 to train with, 30 to test",
        "its own bounds: quality.label_errors.largest_share",
        "notice:  train: colour was turned to grey in 300 pictures.",
        "notice:  test: colour was turned to grey in 90 pictures.",
    ]


def test_it_warns_where_images_look_transposed(tmp_path):
    path = letters(tmp_path)
    assert "warning:" not in command("dataset", "inspect", path).output
    (path / "dataset.yaml").unlink()
    lines = command("dataset", "inspect", path).output.splitlines()
    assert "  1 (a): 50 to train with, 20 to test" in lines
    assert lines[-1].startswith(
        "warning: upright: 26 of 26 classes are wider than tall, as if rows and"
    )


@pytest.mark.parametrize(
    ("labels", "declared", "message"),
    [
        ([0, 0, 0], "", "found 1 different labels (0), expected 2 to 256"),
        ([0, 1, 1], "title: 5", "dataset.yaml: title: found 5"),
        ([0, 1, 1], "bounds: {champion: {floor: 2}}", "bounds: champion.floor: found 2"),
    ],
)
def test_what_would_be_refused_is_said_with_exit_code_1(tmp_path, labels, declared, message):
    images, labels = np.full((3, 2, 2), 9, np.uint8), np.array(labels, np.uint8)
    write_files(tmp_path, train_images=images, train_labels=labels)
    (tmp_path / "dataset.yaml").write_text(declared or "{}")
    result = command("dataset", "inspect", tmp_path)
    assert result.exit_code == 1
    assert message in result.output


def test_what_a_check_would_stop_is_refused_too(tmp_path):
    images, labels = make_part(120, 8, 2, 0)
    turned = 255 - images
    write_files(
        tmp_path,
        train_images=images,
        train_labels=labels,
        test_images=turned,
        test_labels=labels,
    )
    result = command("dataset", "inspect", tmp_path)
    assert result.exit_code == 1
    assert "refused: alike_in_both_parts: " in result.output
    assert "inverted" in result.output


def test_of_many_classes_the_first_are_listed(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (200, 3, 3)).astype(np.uint8)
    labels = np.arange(200, dtype=np.uint8) % 100
    parts = {"train": slice(0, 100), "test": slice(100, 200)}
    arrays = {f"{part}_images": images[of] for part, of in parts.items()}
    arrays |= {f"{part}_labels": labels[of] for part, of in parts.items()}
    write_files(tmp_path, **arrays)
    lines = command("dataset", "inspect", tmp_path).output.splitlines()
    assert lines[-2:] == ["  29: 1 to train with, 1 to test", "  and 70 more"]
