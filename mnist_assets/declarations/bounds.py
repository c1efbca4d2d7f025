"""How a dataset and its networks are judged: sections of `settings.yaml` that it may set itself.

One more is `quality.py`.
"""

from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from mnist_assets.declarations.yaml_files import Declared, Real, Whole


class GreyLevels(Declared):
    """What is counted in the distribution of the images' mean grey levels, in 0-255."""

    few_images: Whole = Field(ge=1, le=1_000_000)
    common_low: Whole = Field(ge=0, le=255)
    common_high: Whole = Field(ge=0, le=255)
    dark_below: Whole = Field(ge=0, le=255)
    light_above: Whole = Field(ge=0, le=255)

    @property
    def bounds(self) -> dict[str, Any]:
        """The bounds as `exploration.grey.summarise_grey_levels` takes them."""
        return {
            "usual": (self.common_low, self.common_high),
            "dark": self.dark_below,
            "light": self.light_above,
        }

    @field_validator("common_high")
    @classmethod
    def _not_below_common_low(cls, high: int, info: ValidationInfo) -> int:
        low = info.data.get("common_low", 0)
        if high < low:
            raise ValueError(f"at least common_low, {low}")
        return high


class Dataset(Declared):
    """What of a dataset may repeat itself, and how alike its two parts must be.

    Attributes:
        repeated_share: Share of a part's images that may be the same as others, pixel for pixel.
        alike_images: Images of a class in either part from which on its averages are compared.
        alike_margin: By how much the class averages of the parts may correlate better once the test
            part is moved, turned, inverted or labelled otherwise.
        false_alarm_rate: Share of datasets, with parts drawn and labelled alike, that may be told
            that they are not.
        upright_significance: Share of datasets that may be taken for transposed though each of
            their classes is as likely wide as tall.
        test_share: Share of the training part that becomes the test part where there is none, and
            the dataset does not say.
        test_seed: Which images that are.
    """

    repeated_share: Real = Field(ge=0, le=1)
    alike_images: Whole = Field(ge=2, le=1_000_000)
    alike_margin: Real = Field(ge=0, le=2)
    false_alarm_rate: Real = Field(gt=0, lt=1)
    upright_significance: Real = Field(ge=0, lt=1)
    test_share: Real = Field(gt=0, lt=1)
    test_seed: Whole = Field(ge=0, lt=2**32)


class Split(Declared):
    """How the training part is divided, and how its classes may fall to either side.

    Attributes:
        validation_share: Part of the images that is set aside for validation.
        seed: Of the shuffle.
        false_alarm_rate: Share of random splits that may be taken for one that is not random.
    """

    validation_share: Real = Field(gt=0, lt=1)
    seed: Whole = Field(ge=0, lt=2**32)
    false_alarm_rate: Real = Field(gt=0, lt=1)


class Normalization(Declared):
    """The guard of the normalisation, and what normalised pixels must look like."""

    std_floor: Real = Field(gt=0, le=255)
    mean_tolerance: Real = Field(gt=0, le=1)
    std_tolerance: Real = Field(gt=0, le=1)


class Evaluation(Declared):
    """How predictions are made and judged.

    Attributes:
        batch_size: Images predicted at a time.
        probability_tolerance: How far the sum of an image's probabilities may be from 1.
        near_tie_margin: Difference of two probabilities that rounding may turn round.
        by_hand_images: Images of each part whose prediction is computed again by hand.
        by_hand_tolerance: How far a probability may be from the one computed by hand.
        loss_tolerance: How far the validation loss may be from the history's, as a share of it.
        informedness_floor: Least recall less false-positive rate of any class.
        guessing_significance: Share of networks that guess which may be taken for better.
        false_alarm_rate: Share of networks as good as guessing the commonest class that may be
            stopped for being worse.
        part_significance: Probability below which a difference of validation and test accuracy is
            not put down to chance.
    """

    batch_size: Whole = Field(ge=1, le=1_000_000)
    probability_tolerance: Real = Field(gt=0, le=1)
    near_tie_margin: Real = Field(gt=0, le=1)
    by_hand_images: Whole = Field(ge=1, le=1_000_000)
    by_hand_tolerance: Real = Field(gt=0, le=1)
    loss_tolerance: Real = Field(gt=0, le=1)
    informedness_floor: Real = Field(ge=-1, lt=1)
    guessing_significance: Real = Field(gt=0, lt=1)
    false_alarm_rate: Real = Field(gt=0, lt=1)
    part_significance: Real = Field(ge=0, lt=1)


class Champion(Declared):
    """What a challenger must reach to become the champion; see `champion/decision.py`."""

    floor: Real = Field(ge=0, le=1)
    confidence: Real = Field(gt=0, lt=1)
    significance: Real = Field(gt=0, lt=1)
    recall_margin: Real = Field(ge=0, le=1)
