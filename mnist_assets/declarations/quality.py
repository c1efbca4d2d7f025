"""What may be set under `quality` in `settings.yaml`: how networks are judged beyond accuracy."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from mnist_assets.declarations.yaml_files import Declared, Real, Whole


class Strengths(Declared):
    """The strengths at which each distortion is measured; see `quality/distortions.py`.

    Attributes:
        shift: Pixels.
        rotation: Degrees.
        noise: Standard deviation in grey levels.
        blur: Standard deviation in pixels.
    """

    shift: tuple[Annotated[Whole, Field(ge=1, le=1000)], ...]
    rotation: tuple[Annotated[Real, Field(gt=0, le=180)], ...]
    noise: tuple[Annotated[Real, Field(gt=0, le=255)], ...]
    blur: tuple[Annotated[Real, Field(gt=0, le=100)], ...]


class Floor(Declared):
    """The accuracy that a distortion has to leave at one of its strengths."""

    strength: Real = Field(gt=0, le=1000)
    accuracy: Real = Field(ge=0, le=1)


class Robustness(Declared):
    """How robustness is measured, and what is expected of it on MNIST.

    Attributes:
        images: Test images that are distorted.
        seed: Decides which, and the noise.
        strengths: Those measured.
        floors: Lowest accuracy for any of the distortions. For another dataset the floor is the
            share of its commonest class.
    """

    images: Whole = Field(ge=1, le=10_000_000)
    seed: Whole = Field(ge=0, lt=2**32)
    strengths: Strengths
    floors: dict[Literal["shift", "rotation", "noise", "blur"], Floor]

    @field_validator("floors")
    @classmethod
    def _at_a_strength_measured(
        cls, floors: dict[str, Floor], info: ValidationInfo
    ) -> dict[str, Floor]:
        for distortion, floor in floors.items():
            measured = getattr(info.data.get("strengths"), distortion, (floor.strength,))
            if floor.strength not in measured:
                raise ValueError(f"{distortion} at one of the strengths measured, {measured}")
        return floors


class LabelErrors(Declared):
    """How wrong labels are looked for in the training part.

    Attributes:
        network: Whose declaration is trained for it; if it is not declared, the first that is.
        folds: Trainings, each of which leaves out another part of the images.
        seed: Decides the parts.
        shown: Labels in the picture.
        largest_share: Share of labels that may look wrong.
    """

    network: str
    folds: Whole = Field(ge=2, le=100)
    seed: Whole = Field(ge=0, lt=2**32)
    shown: Whole = Field(ge=1, le=1000)
    largest_share: Real = Field(ge=0, le=1)


class Quality(Declared):
    """How networks are judged on the test part beyond their accuracy.

    Attributes:
        confidence: Of every interval.
        bins: Bins of confidence that calibration is told in.
        calibration_error: Largest expected calibration error, beyond twice that of chance alone.
        mistakes: The most confident ones that are listed.
    """

    confidence: Real = Field(gt=0, lt=1)
    bins: Whole = Field(ge=1, le=1000)
    calibration_error: Real = Field(ge=0, le=1)
    mistakes: Whole = Field(ge=1, le=1000)
    robustness: Robustness
    label_errors: LabelErrors
