import numpy as np
import pytest

from mnist_assets.quality.calibration import calibration, check_calibrated


def predictions(*groups):
    """Two-class probabilities: of each group (confidence, images, right ones), all of class 0."""
    probabilities, labels = [], []
    for confidence, images, right in groups:
        probabilities += [[confidence, 1 - confidence]] * images
        labels += [0] * right + [1] * (images - right)
    return np.array(probabilities, np.float32), np.array(labels, np.uint8)


def test_a_network_that_is_as_often_right_as_it_is_sure_has_no_calibration_error():
    calibrated = calibration(*predictions((0.75, 4, 3), (0.625, 8, 5)), bins=10)
    assert calibrated["expected_calibration_error"] == 0
    assert calibrated["maximum_calibration_error"] == 0
    assert calibrated["mean_confidence"] == calibrated["accuracy"] == pytest.approx(8 / 12)


def test_bins_count_by_their_images():
    # 10 images of 90 % of which 5 are right: 0.4 apart; 30 of 60 % of which 21 are: 0.1 apart.
    calibrated = calibration(*predictions((0.9, 10, 5), (0.6, 30, 21)), bins=10)
    assert calibrated["expected_calibration_error"] == pytest.approx((10 * 0.4 + 30 * 0.1) / 40)
    assert calibrated["maximum_calibration_error"] == pytest.approx(0.4)
    assert calibrated["maximum_calibration_error_images"] == 10
    assert calibrated["mean_confidence"] == pytest.approx(0.675)
    assert calibrated["accuracy"] == pytest.approx(0.65)


def test_each_bin_tells_its_bounds_its_images_and_their_means():
    bins = calibration(*predictions((0.9, 10, 5), (0.6, 30, 21)), bins=5)["bins"]
    assert [(of_bin["low"], of_bin["high"]) for of_bin in bins] == [
        (0, 0.2),
        (0.2, 0.4),
        (0.4, 0.6),
        (0.6, 0.8),
        (0.8, 1),
    ]
    assert [of_bin["images"] for of_bin in bins] == [0, 0, 0, 30, 10]
    assert bins[0]["accuracy"] is None
    assert bins[0]["mean_confidence"] is None
    assert bins[4]["accuracy"] == 0.5
    assert bins[4]["mean_confidence"] == pytest.approx(0.9)


def test_a_bin_includes_its_upper_bound_and_certainty_is_in_the_last_one():
    bins = calibration(*predictions((0.75, 1, 1), (1.0, 2, 2)), bins=4)["bins"]
    assert [of_bin["images"] for of_bin in bins] == [0, 0, 1, 2]


def test_errors_in_either_direction_do_not_cancel_each_other():
    calibrated = calibration(*predictions((0.875, 8, 6), (0.75, 8, 7)), bins=10)
    assert calibrated["mean_confidence"] == calibrated["accuracy"]
    assert calibrated["expected_calibration_error"] == 0.125
    assert sum(of_bin["images"] > 0 for of_bin in calibrated["bins"]) == 2


def test_a_bin_of_one_image_may_have_the_largest_error():
    calibrated = calibration(*predictions((0.95, 1, 0), (0.65, 10, 0)), bins=10)
    assert calibrated["maximum_calibration_error"] == pytest.approx(0.95)
    assert calibrated["maximum_calibration_error_images"] == 1


def test_what_chance_makes_is_what_a_calibrated_network_shows_on_average():
    generator = np.random.default_rng(0)
    probabilities = np.array([[c, 1 - c] for c in np.tile([0.7, 0.95], 200)], np.float32)
    runs = [
        calibration(
            probabilities, (generator.random(400) > probabilities[:, 0]).astype(np.uint8), 2
        )
        for _ in range(300)
    ]
    found = np.mean([run["expected_calibration_error"] for run in runs])
    assert runs[0]["calibration_error_by_chance"] == pytest.approx(found, rel=0.1)


def test_certainty_that_is_right_leaves_nothing_to_chance():
    calibrated = calibration(*predictions((1.0, 5, 5)), bins=15)
    assert calibrated["expected_calibration_error"] == 0
    assert calibrated["calibration_error_by_chance"] == 0


def test_a_well_calibrated_network_passes():
    finding = check_calibrated(calibration(*predictions((0.9, 1000, 905)), bins=10), 0.02)
    assert finding.passed
    assert finding.seen["expected_calibration_error"] == pytest.approx(0.005, abs=1e-6)


@pytest.mark.parametrize(("right", "direction"), [(800, "overconfident"), (1000, "underconfident")])
def test_an_error_above_the_ceiling_is_found_and_its_direction_told(right, direction):
    finding = check_calibrated(calibration(*predictions((0.9, 1000, right)), bins=10), 0.02)
    assert finding.passed is False
    assert direction in finding.message
    # The mean distance from the mean of 1,000 draws is sqrt(2 / pi) standard deviations.
    by_chance = (2 / np.pi * 0.9 * 0.1 / 1000) ** 0.5
    assert finding.expected["by_chance_alone"] == pytest.approx(by_chance)
    assert finding.expected["at_most"] == pytest.approx(0.02 + 2 * by_chance)


def test_an_error_at_the_ceiling_passes():
    assert check_calibrated(calibration(*predictions((1.0, 5, 5)), bins=10), 0.0).passed
    assert check_calibrated(calibration(*predictions((1.0, 4, 3)), bins=10), 0.25).passed
    assert not check_calibrated(calibration(*predictions((1.0, 4, 3)), bins=10), 0.24).passed


def test_few_images_may_be_further_apart_by_chance():
    assert check_calibrated(calibration(*predictions((0.9, 10, 8)), bins=10), 0.02).passed
    assert not check_calibrated(calibration(*predictions((0.9, 1000, 800)), bins=10), 0.02).passed
