"""Settings: the tunables of every stage but the networks, as `settings.yaml` declares them.

Only wiring reads them; what computes is passed the values.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from mnist_assets.declarations.places import SETTINGS_FILE
from mnist_assets.declarations.quality import Quality
from mnist_assets.declarations.yaml_files import Declared, Real, Whole, read_yaml, validated
from mnist_assets.errors import InputError

# What a dataset may set itself: how it is judged, never what runs, where or when.
OWN_SECTIONS = (
    "grey_levels",
    "dataset",
    "split",
    "normalization",
    "evaluation",
    "champion",
    "quality",
)


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


class Needs(Declared):
    """What a step that trains needs, where workers elsewhere run it.

    Attributes:
        queue: The Celery queue that it waits in.
        cpus: Cores that its pod asks for.
        memory_gigabytes: Memory that its pod asks for and may use.
        gpus: GPUs of NVIDIA that its pod gets.
    """

    queue: str = Field(pattern=r"^[\w.-]{1,100}$")
    cpus: Real = Field(gt=0, le=1024)
    memory_gigabytes: Real = Field(gt=0, le=100_000)
    gpus: Whole = Field(ge=0, le=64)


class Training(Declared):
    """How training uses the machine."""

    memory_limit: Whole = Field(ge=1, le=10**13)
    needs: Needs


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


class Study(Declared):
    """How often each network is trained to tell luck from merit.

    Attributes:
        seeds: Runs with a training seed of their own, and as many with a split of their own.
        confidence: Of the intervals of means and mean differences.
        processes: Trainings at a time, at most one a core.
    """

    seeds: Whole = Field(ge=1, le=10_000)
    confidence: Real = Field(gt=0, lt=1)
    processes: Whole = Field(ge=1, le=1000)


class Schedules(Declared):
    """When networks are retrained: cron expressions, the time zone they are meant in.

    Attributes:
        nightly: When every network is trained again, with a new seed.
        weekly: When everything is made anew.
        observe: How often the dataset's files are looked at.
        retention: When the run history is cut back to what `history` keeps.
        time_zone: An IANA name, such as `Europe/Paris`.
        running: Whether they run without being switched on in the web UI.
        retrained_within_days: Age at which a network or the champion counts as overdue.
    """

    nightly: str
    weekly: str
    observe: str
    retention: str
    time_zone: str
    running: bool
    retrained_within_days: Whole = Field(ge=1, le=3650)


class History(Declared):
    """What is kept of the past; what tells of the present values is kept in any case.

    Attributes:
        runs: The latest runs.
        days: The age from which even these are dropped.
        champions: The latest superseded champions.
    """

    runs: Whole = Field(ge=1, le=1_000_000)
    days: Whole = Field(ge=1, le=36_500)
    champions: Whole = Field(ge=0, le=1_000_000)


class Libraries(Declared):
    """What becomes of values that were made with other versions of libraries than are installed.

    Attributes:
        remake: Whether they are made again, like those whose code changed.
    """

    remake: bool


class Notification(Declared):
    """What is told of a failed run: a command that gets the message on its standard input."""

    command: tuple[str, ...]


class Inbox(Declared):
    """What is accepted of the files dropped into the inbox, and how a batch is judged.

    Attributes:
        largest_file: Bytes.
        largest_picture: Pixels.
        settled_seconds: How long a file must have been left alone to count as finished.
        batch: Files that one run scores; the rest is left to the next.
        doubtful_below: Probability below which a digit is marked as doubtful.
        false_alarm_rate: Share of batches like the training part that may warn of drift.
        smallest_effect: Standardised difference below which drift does not matter.
    """

    largest_file: Whole = Field(ge=1, le=10**10)
    largest_picture: Whole = Field(ge=1, le=10**9)
    settled_seconds: Real = Field(ge=0, le=86_400)
    batch: Whole = Field(ge=1, le=1_000_000)
    doubtful_below: Real = Field(ge=0, le=1)
    false_alarm_rate: Real = Field(gt=0, lt=1)
    smallest_effect: Real = Field(ge=0, le=10)


class Download(Declared):
    """How patiently the public mirrors are asked, when the dataset is to be downloaded."""

    mirrors: tuple[str, ...] = Field(min_length=1)
    attempts: Whole = Field(ge=1, le=100)
    timeout_seconds: Real = Field(gt=0, le=3600)


class Settings(Declared):
    """Every tunable outside `networks.yaml`."""

    grey_levels: GreyLevels
    dataset: Dataset
    split: Split
    normalization: Normalization
    training: Training
    evaluation: Evaluation
    champion: Champion
    quality: Quality
    study: Study
    schedules: Schedules
    history: History
    libraries: Libraries
    notification: Notification
    inbox: Inbox
    download: Download


def read_settings(path: Path = SETTINGS_FILE) -> Settings:
    """Read the tunables.

    Raises:
        InputError: The file is unreadable or holds a value that is not allowed.
    """
    return read_yaml(path, Settings)


def with_bounds(settings: Settings, bounds: Mapping[str, Any], path: Path) -> Settings:
    """Give the settings with those in the place of theirs that a dataset brings.

    Args:
        settings: Those of every dataset.
        bounds: Sections as in `settings.yaml`, each with the fields that are to be others.
        path: The file with them under `bounds`, for errors.

    Raises:
        InputError: A section may not be set by a dataset, a field does not exist, or a value is not
            allowed.
    """
    if foreign := sorted(set(bounds) - set(OWN_SECTIONS)):
        raise InputError(
            f"{path}: bounds.{foreign[0]}",
            seen=f"the section {foreign[0]}",
            expected=f"one of {', '.join(OWN_SECTIONS)}: the others are not the dataset's",
            remedy="Remove it, or correct its name.",
        )
    return validated(_merged(settings.model_dump(), bounds), Settings, f"{path}: bounds")


def _merged(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {**content} | {
        name: _merged(content[name], value)
        if isinstance(value, Mapping) and isinstance(content.get(name), Mapping)
        else value
        for name, value in changes.items()
    }
