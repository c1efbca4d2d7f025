import numpy as np
import pytest

from mnist_assets.evaluation.metrics import wilson_interval
from mnist_assets.quality.robustness import check_floors, measure_robustness

STRENGTHS = {"shift": (1, 2), "noise": (200.0,), "inversion": (1,)}
OPTIONS = {"count": 40, "seed": 3, "batch_size": 16, "confidence": 0.95}


def lit_side(pixels):
    """A network that says which column of a 1 x 3 image is the lightest."""
    return pixels[:, 0, :, 0] / np.maximum(pixels[:, 0, :, 0].sum(axis=1, keepdims=True), 1)


@pytest.fixture
def columns():
    """100 images of one row, one of three pixels lit, labelled with its column."""
    labels = np.arange(100, dtype=np.uint8) % 3
    images = np.zeros((100, 1, 3), np.uint8)
    images[np.arange(100), 0, labels] = 200
    return images, labels


def test_each_strength_of_each_distortion_has_a_row(columns):
    table = measure_robustness(
        lambda pixels, training: lit_side(pixels), *columns, STRENGTHS, **OPTIONS
    )
    assert list(zip(table["distortion"], table["strength"], table["unit"], strict=True)) == [
        ("undistorted", 0, "-"),
        ("shift", 1, "pixels"),
        ("shift", 2, "pixels"),
        ("noise", 200, "grey levels"),
        ("inversion", 1, "-"),
    ]
    assert (table["images"] == 40).all()
    assert (table["accuracy"] == table["correct"] / 40).all()
    bounds = [wilson_interval(correct, 40, 0.95) for correct in table["correct"]]
    np.testing.assert_allclose(table[["low", "high"]], bounds)


def test_accuracies_are_those_of_the_distorted_images(columns):
    images, labels = columns
    table = measure_robustness(
        lambda pixels, training: lit_side(pixels), images, labels, STRENGTHS, **OPTIONS
    ).set_index(["distortion", "strength"])
    assert table.loc[("undistorted", 0), "correct"] == 40
    # The lit pixel becomes the darkest, and another one is said.
    assert table.loc[("inversion", 1), "correct"] == 0
    drawn = np.random.default_rng(3).permutation(100)[:40]
    # Shifted off the image or beside it: what is left is all black, which reads as column 0.
    assert table.loc[("shift", 2), "correct"] == sum(
        labels[image] == 0 and place % 4 != 0 for place, image in enumerate(drawn)
    )


def test_the_same_seed_draws_the_same_images_and_noise(columns):
    def measured(seed):
        return measure_robustness(
            lambda pixels, training: lit_side(pixels),
            *columns,
            STRENGTHS,
            **OPTIONS | {"seed": seed},
        )

    assert measured(3).equals(measured(3))
    assert not measured(3).equals(measured(4))


def test_all_images_are_used_if_there_are_few(columns):
    table = measure_robustness(
        lambda pixels, training: lit_side(pixels), *columns, {}, **OPTIONS | {"count": 5000}
    )
    assert table["images"].to_list() == [100]


def test_accuracies_above_their_floors_pass_and_one_below_is_named(columns):
    table = measure_robustness(
        lambda pixels, training: lit_side(pixels), *columns, STRENGTHS, **OPTIONS
    )
    floors = {"shift": {"strength": 1, "accuracy": 0.0}}
    assert check_floors(table, floors).passed is True
    assert check_floors(table, {}).passed is True
    accuracy = float(table["accuracy"][1])
    finding = check_floors(table, {"shift": {"strength": 1, "accuracy": accuracy + 0.01}})
    assert finding.passed is False
    assert f"shift of 1 pixels leaves an accuracy of {accuracy:.4f}" in finding.message
    assert finding.seen == {"shift": accuracy}
    exact = check_floors(table, {"shift": {"strength": 1, "accuracy": accuracy}})
    assert exact.passed is True


def test_images_are_distorted_once_for_networks_measured_one_after_the_other(columns, monkeypatch):
    seen = []

    def counting(images, distortion, strength, seed):
        seen.append((distortion, strength))
        return images

    monkeypatch.setattr("mnist_assets.quality.robustness.distort", counting)
    options = OPTIONS | {"seed": 17}  # which no other test measures with
    for _ in range(2):
        measure_robustness(
            lambda pixels, training: lit_side(pixels), *columns, STRENGTHS, **options
        )
    assert seen == [("shift", 1), ("shift", 2), ("noise", 200.0), ("inversion", 1)]
    images, labels = columns
    for changed in ((255 - images, labels, STRENGTHS), (images, labels, {"shift": (1,)})):
        before = len(seen)
        measure_robustness(lambda pixels, training: lit_side(pixels), *changed, **options)
        assert len(seen) > before
