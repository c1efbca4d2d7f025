"""What is said of a network beyond its accuracy: intervals, wrong labels, halves, mistakes."""

import numpy as np
import pytest
import yaml

from mnist_assets.declarations.places import SETTINGS_FILE
from mnist_assets.declarations.settings import read_settings
from mnist_assets.errors import InputError
from mnist_assets.evaluation.metrics import wilson_interval
from mnist_assets.quality import assessment as quality
from mnist_assets.quality.distortions import UNITS
from mnist_assets.quality.mistakes import most_confident_mistakes
from mnist_assets.quality.robustness import check_floors, measure_robustness


def right_ones(images, wrong):
    right = np.ones(images, dtype=bool)
    right[list(wrong)] = False
    return right


# --- accuracy ---


def test_accuracy_comes_with_its_interval():
    low, high = wilson_interval(97, 100, 0.9)
    assert quality.accuracy_of(right_ones(100, [3, 50, 99]), 0.9) == {
        "images": 100,
        "correct": 97,
        "accuracy": 0.97,
        "accuracy_interval": {"low": low, "high": high, "confidence": 0.9},
    }


def test_fifteen_labels_of_mnist_are_known_to_be_wrong():
    assert len(set(quality.WRONG_TEST_LABELS)) == 15
    assert max(quality.WRONG_TEST_LABELS) < 10_000


def test_images_with_wrong_labels_count_neither_for_nor_against_a_network():
    wrong = quality.WRONG_TEST_LABELS
    # It contradicts twelve of them, predicts three as labelled, and makes 300 mistakes beside.
    others = np.setdiff1d(np.arange(10_000), wrong)[:300]
    without = quality.without_wrong_labels(right_ones(10_000, [*wrong[:12], *others]), 0.95)
    assert without["images"] == 9985
    assert without["correct"] == 9685
    assert without["wrong_labels"] == 15
    assert without["wrong_labels_predicted"] == 3


# --- halves ---


def test_each_half_has_its_accuracy_and_its_writers():
    halves = quality.compare_halves(right_ones(200, [*range(10), 150, 199]), 0.95)
    assert (halves["first"]["accuracy"], halves["last"]["accuracy"]) == (0.9, 0.98)
    assert halves["first"]["written_by"] == "high-school students"
    assert halves["last"]["written_by"] == "Census Bureau employees"
    assert halves["difference"] == pytest.approx(0.08)


def test_the_interval_of_the_difference_is_newcombes():
    # R. G. Newcombe (1998), table II, row (a): 56/70 and 48/80 are 0.2 apart, 0.0524 to 0.3339.
    low, high = quality.difference_interval(
        quality.accuracy_of(np.arange(80) < 48, 0.95), quality.accuracy_of(np.arange(70) < 56, 0.95)
    )
    assert (low, high) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))


def test_equal_halves_do_not_differ_and_unequal_ones_do():
    same = quality.compare_halves(right_ones(200, [0, 1, 100, 101]), 0.95)
    assert same["difference"] == 0
    assert same["p_value"] == 1
    assert same["difference_interval"]["low"] == -same["difference_interval"]["high"]
    unlike = quality.compare_halves(right_ones(200, range(20)), 0.95)
    assert unlike["p_value"] < 1e-5
    assert unlike["difference_interval"]["low"] > 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((3, 4), (1, 4)),
        ((10, 10), (0, 10)),
        ((0, 5), (0, 7)),
        ((9, 12), (5, 30)),
        ((4789, 5000), (4897, 5000)),
        ((1, 3), (2, 3)),
    ],
)
def test_fishers_test_agrees_with_scipys(first, second):
    from scipy.stats import fisher_exact

    table = [[found, trials - found] for found, trials in (first, second)]
    expected = fisher_exact(table).pvalue
    assert quality.fisher_p_value(first, second) == pytest.approx(expected, rel=1e-6)


def test_fishers_tea_tasting():
    # Three of four cups told right: 1/70 + 16/70 in this direction, as much in the other.
    assert quality.fisher_p_value((3, 4), (1, 4)) == pytest.approx(34 / 70)


# --- all of it ---


def test_what_is_known_of_mnist_alone_steps_aside_elsewhere():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
    assessed = quality.assess(
        probabilities, np.array([0, 0], np.uint8), bins=15, confidence=0.95, mnist=False
    )
    assert assessed["correct"] == 1
    assert assessed["calibration"]["mean_confidence"] == pytest.approx(0.85)
    assert assessed["without_wrong_labels"] is None
    assert assessed["halves"] is None


def test_mnist_is_told_without_wrong_labels_and_in_halves():
    probabilities = np.tile(np.array([0.9, 0.1], np.float32), (10_000, 1))
    labels = np.zeros(10_000, np.uint8)
    labels[list(quality.WRONG_TEST_LABELS)] = 1
    assessed = quality.assess(probabilities, labels, bins=15, confidence=0.95, mnist=True)
    assert assessed["accuracy"] == 0.9985
    assert assessed["without_wrong_labels"]["accuracy"] == 1
    assert assessed["halves"]["first"]["correct"] == 4991
    assert assessed["halves"]["last"]["correct"] == 4994


PROMOTED = {"images": 100, "correct": 97, "accuracy": 0.97}


def test_a_champion_as_good_as_at_its_promotion_passes():
    assert quality.check_as_promoted({**PROMOTED, "version": "0001-best"}, PROMOTED).passed is True


@pytest.mark.parametrize("changed", [{"correct": 96, "accuracy": 0.96}, {"images": 99}])
def test_a_champion_that_is_another_is_found(changed):
    finding = quality.check_as_promoted({**PROMOTED, **changed}, PROMOTED)
    assert finding.passed is False
    assert "at its promotion it was 0.9700" in finding.message


# --- mistakes ---

PROBABILITIES = np.array(
    [[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.1, 0.0, 0.9], [0.3, 0.3, 0.4], [0.05, 0.9, 0.05]],
    np.float32,
)


def test_the_most_confident_mistakes_come_first():
    listed = most_confident_mistakes(PROBABILITIES, np.array([1, 1, 0, 0, 1], np.uint8), 30, {2})
    assert listed["index"].to_list() == [0, 2, 3]  # equally confident ones in their order
    assert listed["true"].to_list() == [1, 0, 0]
    assert listed["predicted"].to_list() == [0, 2, 2]
    assert listed["confidence"].to_list() == pytest.approx([0.9, 0.9, 0.4])
    assert listed["true_probability"].to_list() == pytest.approx([0.1, 0.1, 0.3])
    assert listed["wrong_label"].to_list() == [False, True, False]


def test_no_more_are_listed_than_asked_for():
    labels = np.array([1, 1, 0, 0, 1], np.uint8)
    assert most_confident_mistakes(PROBABILITIES, labels, 2)["index"].to_list() == [0, 2]


def test_a_network_without_mistakes_has_an_empty_list():
    listed = most_confident_mistakes(
        PROBABILITIES, PROBABILITIES.argmax(axis=1).astype(np.uint8), 5
    )
    assert listed.empty
    assert list(listed)[:3] == ["index", "true", "predicted"]


# --- robustness ---

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


# --- settings ---


def test_the_shipped_floors_are_at_strengths_that_are_measured():
    robustness = read_settings().quality.robustness
    assert {*robustness.floors, "inversion"} == set(UNITS)
    for name, floor in robustness.floors.items():
        assert floor.strength in getattr(robustness.strengths, name)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            ("robustness", "floors", "shift", "strength"),
            7,
            "shift at one of the strengths measured",
        ),
        (("robustness", "floors", "inversion"), {"strength": 1, "accuracy": 0}, "shift"),
        (("robustness", "strengths", "shift"), [1, 1.5], "integer"),
        (("robustness", "strengths", "blur"), [0], "greater than 0"),
        (("label_errors", "folds"), 1, "greater than or equal to 2"),
        (("confidence",), 1, "less than 1"),
    ],
)
def test_a_wrong_setting_is_refused(tmp_path, path, value, expected):
    content = yaml.safe_load(SETTINGS_FILE.read_text())
    section = content["quality"]
    for name in path[:-1]:
        section = section[name]
    section[path[-1]] = value
    file = tmp_path / "settings.yaml"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError) as refused:
        read_settings(file)
    assert "quality" in str(refused.value.where)
    assert expected in str(refused.value.expected)
