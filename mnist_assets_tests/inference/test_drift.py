import json
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats  # type: ignore[import-untyped]

from mnist_assets.errors import InputError
from mnist_assets.evaluation.predictions import predict
from mnist_assets.findings import Finding
from mnist_assets.inference import drift
from mnist_assets.inference.drift import check_drift, training_reference
from mnist_assets_tests.inference.test_digits import mnist

Images = NDArray[np.uint8]
Scored = tuple[Images, NDArray[np.int64], NDArray[np.float32]]


def flat(levels: list[int]) -> Images:
    """Images of 2 x 3 pixels, each of one grey level."""
    return np.repeat(np.array(levels, np.uint8), 6).reshape(-1, 2, 3)


def check(
    scored: Scored, reference: dict[str, Any], rate: float = 0.01, effect: float = 0.1
) -> Finding:
    return check_drift(*scored, reference, false_alarm_rate=rate, smallest_effect=effect)


def coin(level: int, digit: int, confidence: float, count: int, effect: float = 0) -> Finding:
    """Check equal images against a reference where all three figures are a fair coin."""
    reference = training_reference(
        flat([0, 255] * 500),
        np.array([0, 1] * 500, np.uint8),
        np.array([0, 1], np.float32),
        classes=2,
    )
    batch = flat([level] * count), np.full(count, digit), np.full(count, confidence, np.float32)
    return check(batch, reference, rate=0.05, effect=effect)


# --- by hand ---


def test_the_reference_says_what_training_is_like() -> None:
    images = flat([0, 10, 20, 30])
    reference = training_reference(
        images, np.array([0, 0, 1, 3], np.uint8), np.array([0.5, 1], np.float32), classes=4
    )
    assert json.loads(json.dumps(reference)) == reference
    assert reference["images"] == 4
    assert reference["class_shares"] == [0.5, 0.25, 0, 0.25]
    grey, confidence = reference["grey_level"], reference["confidence"]
    assert (grey["mean"], grey["std"]) == (15, pytest.approx(np.sqrt(125)))
    assert [grey["distribution"][level] for level in (0, 10, 20, 30)] == [0.25] * 4
    assert (confidence["mean"], confidence["std"]) == (0.75, 0.25)
    # 0.5 lies between the points 127 and 128 of 255.
    assert [confidence["distribution"][point] for point in (127, 128, 255)] == [0.25, 0.25, 0.5]


@pytest.mark.parametrize("count", [1, 2, 3, 10])
@pytest.mark.parametrize("top", [True, False])
def test_p_values_of_a_coin(count: int, top: bool) -> None:
    p_values = coin(255 * top, int(top), float(top), count).seen["p_values"]
    exact = min(1, 2 * 0.5**count)  # as far out as all heads, on either side
    assert p_values["grey_level"] == pytest.approx(exact)
    assert p_values["confidence"] == pytest.approx(exact)
    assert p_values["class_shares"] == pytest.approx(exact, rel=0.3)  # from 10,000 simulations


def test_what_is_within_the_smallest_effect_does_not_count() -> None:
    # One standard deviation is half the range: from there on a mean of two is 3 of 4 times.
    p_values = coin(255, 1, 1, 2, effect=1).seen["p_values"]
    assert p_values == {"grey_level": 1, "class_shares": 1, "confidence": 1}
    assert coin(255, 1, 1, 30, effect=1).passed
    # Half of one: the mean of ten is held to be 7.5 heads, from which 8 are next.
    beyond = coin(255, 1, 1, 10, effect=0.5).seen["p_values"]["grey_level"]
    assert beyond == pytest.approx(2 * stats.binom.sf(7, 10, 0.5))


def test_a_third_of_the_rate_is_for_each_figure() -> None:
    # All heads of 6 are 2 of 64 times, of 7 are 2 of 128: the limit is 0.05 / 3 = 2 of 120.
    assert coin(255, 1, 1, 6).passed
    finding = coin(255, 1, 1, 7)
    assert finding.passed is False
    assert finding.expected["p_values_above"] == pytest.approx(0.05 / 3)
    assert "grey_level" in finding.seen["moved"]
    assert json.dumps(finding.seen)
    assert json.dumps(finding.expected)


def test_the_message_says_which_figure_moved_from_what_to_what() -> None:
    even = coin(255, 1, 1, 40)
    assert even.message == (
        "Of 40 digits, the mean grey level moved from 127.5 to 255.0, the share of class 0 moved "
        "from 50.0 % to 0.0 %, the mean confidence moved from 0.500 to 1.000. Chance alone hardly "
        "explains that: look at the pictures before relying on the predictions."
    )
    one = coin(255, 1, 1, 1)
    assert one.passed is True
    assert one.message == "1 digit like those of training: no more than chance apart."


def test_a_class_that_training_lacks_is_drift() -> None:
    labels = np.array([0, 1] * 500, np.uint8)
    reference = training_reference(flat([9] * 1000), labels, np.ones(1, np.float32), classes=3)
    for digits, passed in (([0, 1, 0, 1], True), ([0, 1, 2, 1], False)):
        finding = check((flat([9] * 4), np.array(digits), np.ones(4, np.float32)), reference)
        assert finding.passed is passed
    assert finding.seen["moved"] == ["class_shares"]
    assert finding.seen["class_shares"] == [0.25, 0.5, 0.25]


def test_empty_and_unequal_input_is_refused() -> None:
    with pytest.raises(InputError, match="0 images, 0 digits, 0 confidences"):
        coin(0, 0, 0, 0)
    with pytest.raises(InputError, match="1 images, 2 labels"):
        training_reference(flat([1]), np.zeros(2, np.uint8), np.ones(1, np.float32), classes=2)
    reference = training_reference(
        flat([1]), np.zeros(1, np.uint8), np.ones(1, np.float32), classes=2
    )
    with pytest.raises(InputError, match="1 images, 2 digits, 1 confidences"):
        check((flat([1]), np.zeros(2, np.int64), np.ones(1, np.float32)), reference)


# --- by simulation ---

CLASSES = 5


def scored(count: int, generator: np.random.Generator) -> Scored:
    """Skewed grey levels, unequal classes, and confidences as skewed as a good network's."""
    levels = generator.gamma(3, 10, count).clip(0, 255).astype(np.uint8)
    digits = generator.choice(CLASSES, count, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    confidences = 1 - 0.5 * generator.beta(0.1, 2, count)
    return flat(levels.tolist()), digits, confidences.astype(np.float32)


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    images, digits, confidences = scored(20_000, np.random.default_rng(0))
    return training_reference(images, digits.astype(np.uint8), confidences, CLASSES)


def count_alarms(
    draw: Callable[[np.random.Generator], Scored],
    reference: dict[str, Any],
    batches: int,
    rate: float,
    effect: float,
) -> int:
    generator = np.random.default_rng(1)
    return sum(not check(draw(generator), reference, rate, effect).passed for _ in range(batches))


def most_alarms(batches: int, rate: float) -> int:
    """As many as a right check exceeds one time in a thousand."""
    return int(stats.binom.ppf(0.999, batches, rate))


@pytest.mark.parametrize(("count", "batches"), [(1, 200), (5, 200), (20, 200), (100, 100)])
def test_batches_from_the_same_source_fail_no_more_often_than_declared(
    monkeypatch: pytest.MonkeyPatch, reference: dict[str, Any], count: int, batches: int
) -> None:
    monkeypatch.setattr(drift, "SIMULATIONS", 1_000)
    rate = 0.2
    alarms = count_alarms(
        lambda generator: scored(count, generator), reference, batches, rate, effect=0
    )
    assert alarms <= most_alarms(batches, rate)
    if count > 1:  # and it is no check that never fails
        assert alarms >= stats.binom.ppf(0.001, batches, rate / 2)


@pytest.mark.parametrize("count", [5, 60])
def test_the_exact_distribution_of_a_mean_is_that_of_simulated_means(
    reference: dict[str, Any], count: int
) -> None:
    _, _, drawn = scored(20_000 * count, np.random.default_rng(2))
    means = drawn.reshape(-1, count).mean(axis=1)
    for level in (0.005, 0.05, 0.9):
        mean = np.quantile(means, level)
        batch = flat([30] * count), np.zeros(count, np.int64), np.full(count, mean, np.float32)
        finding = check(batch, reference, effect=0)
        two_sided = 2 * min(level, 1 - level)
        assert finding.seen["p_values"]["confidence"] == pytest.approx(two_sided, rel=0.2)


@pytest.mark.parametrize("errors", [-2.5, -1, 0.5, 2.5])
def test_means_of_many_are_normal(
    monkeypatch: pytest.MonkeyPatch, reference: dict[str, Any], errors: float
) -> None:
    count, grey = drift.MOST_EXACT, reference["grey_level"]
    level = round(grey["mean"] + errors * grey["std"] / np.sqrt(count), 1)
    errors = (level - grey["mean"]) / (grey["std"] / np.sqrt(count))
    tens = round(count * (level % 1))  # images of the next grey level, for the tenths
    images = flat([int(level) + (image < tens) for image in range(count)])
    batch = images, np.zeros(count, np.int64), np.ones(count, np.float32)

    def p_value() -> float:
        return float(check(batch, reference, effect=0).seen["p_values"]["grey_level"])

    exact = p_value()
    monkeypatch.setattr(drift, "MOST_EXACT", count - 1)
    assert p_value() == pytest.approx(2 * stats.norm.sf(abs(errors)))
    assert p_value() == pytest.approx(exact, rel=0.15)


def test_a_real_but_tiny_difference_only_fails_if_it_matters(reference: dict[str, Any]) -> None:
    images, digits, confidences = scored(5_000, np.random.default_rng(3))
    lighter = images + np.uint8(1), digits, confidences  # by a seventeenth of a standard deviation
    assert check(lighter, reference, effect=0).seen["moved"] == ["grey_level"]
    assert check(lighter, reference, effect=0.1).passed
    much_lighter = images + np.uint8(4), digits, confidences
    assert check(much_lighter, reference, effect=0.1).seen["moved"] == ["grey_level"]


def test_each_figure_is_found_in_twenty_digits(reference: dict[str, Any]) -> None:
    images, digits, confidences = scored(20, np.random.default_rng(4))
    assert check((images, digits, confidences), reference).passed
    changed: list[tuple[Scored, str]] = [
        ((255 - images, digits, confidences), "grey_level"),
        ((images, np.full(20, 4), confidences), "class_shares"),
        ((images, digits, confidences * np.float32(0.7)), "confidence"),
    ]
    for batch, figure in changed:
        assert check(batch, reference).seen["moved"] == [figure]


# --- MNIST itself ---

Champion = Callable[[Images], Scored]


@pytest.fixture(scope="module")
def mnist_test() -> Images:
    return mnist("test_images")


@pytest.fixture(scope="module")
def champion(network: Any) -> Champion:
    def score_images(batch: Images) -> Scored:
        probabilities = predict(network, batch, 1000)
        return batch, probabilities.argmax(axis=1), probabilities.max(axis=1)

    return score_images


@pytest.fixture(scope="module")
def mnist_reference(champion: Champion, split: Any) -> dict[str, Any]:
    images, labels = mnist("train_images"), mnist("train_labels")
    _, _, confidences = champion(images[split["validation"]])
    return training_reference(images[split["train"]], labels[split["train"]], confidences, 10)


@pytest.fixture
def sums_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many batches of one size, each is held against the same distributions of a sum."""

    @cache
    def known(distribution: bytes, count: int) -> NDArray[np.float64]:
        return compute(np.frombuffer(distribution), count)

    compute = drift._sum_distribution
    monkeypatch.setattr(drift, "_sum_distribution", lambda of, count: known(of.tobytes(), count))


@pytest.mark.slow
@pytest.mark.usefixtures("sums_once")
@pytest.mark.parametrize(
    ("count", "batches"), [(1, 400), (5, 400), (20, 400), (100, 400), (1000, 100)]
)
def test_draws_from_mnists_test_part_fail_no_more_often_than_declared(
    champion: Champion,
    mnist_reference: dict[str, Any],
    mnist_test: Images,
    count: int,
    batches: int,
) -> None:
    images, digits, confidences = champion(mnist_test)

    def draw(generator: np.random.Generator) -> Scored:
        rows = generator.choice(len(images), count, replace=False)
        return images[rows], digits[rows], confidences[rows]

    rate = 0.05
    alarms = count_alarms(draw, mnist_reference, batches, rate, effect=0.1)
    assert alarms <= most_alarms(batches, rate)


@pytest.mark.slow
def test_the_whole_of_mnists_test_part_is_close_enough_but_not_the_same(
    champion: Champion, mnist_reference: dict[str, Any], mnist_test: Images
) -> None:
    scores = champion(mnist_test)
    close = check(scores, mnist_reference, effect=0.1)
    assert close.passed, close.message
    assert "grey_level" in check(scores, mnist_reference, effect=0).seen["moved"]


def invert(images: Images, _: np.random.Generator) -> Images:
    return 255 - images


def add_noise(images: Images, generator: np.random.Generator) -> Images:
    return generator.normal(images, 60).clip(0, 255).astype(np.uint8)


def shift(images: Images, _: np.random.Generator) -> Images:
    return np.roll(images, (4, 4), axis=(1, 2))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "figure"),
    [(invert, "grey_level"), (add_noise, "grey_level"), (shift, "confidence")],
)
@pytest.mark.parametrize("count", [20, 100])
def test_changed_mnist_digits_are_found(
    champion: Champion,
    mnist_reference: dict[str, Any],
    mnist_test: Images,
    change: Callable[[Images, np.random.Generator], Images],
    figure: str,
    count: int,
) -> None:
    generator = np.random.default_rng(0)
    found = 0
    for _ in range(40):
        rows = generator.choice(len(mnist_test), count, replace=False)
        batch = champion(change(mnist_test[rows], generator))
        found += figure in check(batch, mnist_reference).seen["moved"]
    assert found >= 32  # four in five
