"""How far training images may be changed at random; `loop/augmentation.py` changes them."""

from pydantic import Field

from mnist_assets.declarations.yaml_files import Declared, Real


class Elastic(Declared):
    """Elastic distortion (Simard, Steinkraus & Platt 2003).

    Attributes:
        strength: What the smoothed random displacements are multiplied with, in pixels.
        smoothness: Standard deviation of the Gaussian that smooths them, in pixels.
    """

    strength: Real = Field(gt=0, le=1000)
    smoothness: Real = Field(gt=0, le=100)


class Augmentation(Declared):
    """How far each training image is changed at random, drawn anew each epoch, from the seed.

    Attributes:
        shift: At most so many pixels, in each direction.
        rotate: At most so many degrees, either way.
        scale: Width and height by at most this part larger or smaller, each by itself.
        shear: Rows shifted by at most this many degrees, either way.
        elastic: Elastic distortion.
    """

    shift: Real = Field(default=0.0, ge=0, le=1000)
    rotate: Real = Field(default=0.0, ge=0, le=180)
    scale: Real = Field(default=0.0, ge=0, lt=1)
    shear: Real = Field(default=0.0, ge=0, le=80)
    elastic: Elastic | None = None
