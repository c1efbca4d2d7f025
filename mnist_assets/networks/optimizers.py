"""The optimizers and learning-rate schedules that may be declared, and Keras's own for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from mnist_assets.declarations.yaml_files import Declared, Real, Whole

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras

# Smith & Topin (2018), "Super-convergence", https://arxiv.org/abs/1708.07120, as fastai has it: the
# rate it begins with and the one it ends with, as parts of the peak.
ONE_CYCLE_START, ONE_CYCLE_END = 1 / 25, 1 / 250_000


class _Optimizer(Declared):
    """What every optimizer takes.

    Attributes:
        learning_rate: Of every update; with a schedule, the highest.
        weight_decay: Decoupled from the gradient (Loshchilov & Hutter 2019): each update takes this
            part, times the learning rate, off every weight.
        clip_norm: Gradients longer than this, all weights' together, are shortened to it.
    """

    learning_rate: Real = Field(gt=0, le=1000)
    weight_decay: Annotated[Real, Field(gt=0, le=1000)] | None = None
    clip_norm: Annotated[Real, Field(gt=0, le=1e6)] | None = None


class SGD(_Optimizer):
    """Stochastic gradient descent, plain or with (Nesterov) momentum."""

    kind: Literal["sgd"]
    momentum: Real = Field(default=0.0, ge=0, lt=1)
    nesterov: bool = False

    @field_validator("nesterov")
    @classmethod
    def _nesterov_needs_momentum(cls, nesterov: bool, info: ValidationInfo) -> bool:
        if nesterov and info.data.get("momentum") == 0:
            raise ValueError("false where momentum is 0")
        return nesterov


class RMSprop(_Optimizer):
    """RMSprop with Keras's defaults."""

    kind: Literal["rmsprop"]


class Adam(_Optimizer):
    """Adam with Keras's defaults."""

    kind: Literal["adam"]


class AdamW(_Optimizer):
    """Adam with decoupled weight decay, Keras's defaults."""

    kind: Literal["adamw"]
    weight_decay: Annotated[Real, Field(gt=0, le=1000)] | None = 0.004


class Nadam(_Optimizer):
    """Adam with Nesterov momentum, Keras's defaults."""

    kind: Literal["nadam"]


Optimizer = Annotated[SGD | RMSprop | Adam | AdamW | Nadam, Field(discriminator="kind")]

Warmup = Annotated[Real, Field(ge=0, lt=1)]


class Constant(Declared):
    """The declared rate, after a warm-up from 0 over a part of all updates."""

    kind: Literal["constant"]
    warmup: Real = Field(gt=0, lt=1)


class Cosine(Declared):
    """From the declared rate down to 0 along half a cosine, after a warm-up from 0."""

    kind: Literal["cosine"]
    warmup: Warmup = 0.0


class OneCycle(Declared):
    """Up from a 25th of the declared rate until `peak` of all updates, then down to almost 0."""

    kind: Literal["one_cycle"]
    peak: Real = Field(default=0.3, gt=0, lt=1)


class Step(Declared):
    """The rate times `factor` after every `epochs` epochs, after a warm-up from 0."""

    kind: Literal["step"]
    epochs: Whole = Field(ge=1, le=100_000)
    factor: Real = Field(default=0.1, gt=0, lt=1)
    warmup: Warmup = 0.0


Schedule = Annotated[Constant | Cosine | OneCycle | Step, Field(discriminator="kind")]


def build_optimizer(
    optimizer: Optimizer, schedule: Schedule | None = None, epochs: int = 1, updates: int = 1
) -> keras.Optimizer:
    """Build the declared optimizer, as Keras has it.

    Args:
        optimizer: What is declared.
        schedule: How the learning rate changes; None if it does not.
        epochs: Passes over the training images.
        updates: Of one epoch.
    """
    import keras

    options = optimizer.model_dump(exclude={"kind", "clip_norm"}, exclude_none=True)
    if optimizer.clip_norm:
        options["global_clipnorm"] = optimizer.clip_norm
    if schedule:
        options["learning_rate"] = _learning_rates(
            schedule, optimizer.learning_rate, epochs, updates
        )
    return keras.optimizers.get({"class_name": optimizer.kind, "config": options})


def _learning_rates(schedule: Schedule, highest: float, epochs: int, updates: int) -> Any:
    """The rate of each update of a training, as Keras's schedules give it."""
    from keras.optimizers.schedules import CosineDecay, ExponentialDecay

    total = epochs * updates
    match schedule:
        case OneCycle(peak=peak):
            rising = max(round(peak * total), 1)
            return CosineDecay(
                highest * ONE_CYCLE_START,
                max(total - rising, 1),
                alpha=ONE_CYCLE_END,
                warmup_target=highest,
                warmup_steps=rising,
            )
        case Cosine(warmup=warmup):
            rising = round(warmup * total)
            warm = {"warmup_target": highest, "warmup_steps": rising} if rising else {}
            return CosineDecay(0.0 if rising else highest, max(total - rising, 1), **warm)
        case Step(epochs=every, factor=factor, warmup=warmup):
            after = ExponentialDecay(highest, every * updates, factor, staircase=True)
        case Constant(warmup=warmup):
            after = lambda _: highest  # noqa: E731 - one of several schedules
    return _warmed_up(after, round(warmup * total) or 1)


def _warmed_up(schedule: Callable[[Any], Any], updates: int) -> Any:
    """The rates of a schedule, risen to in a straight line over so many updates."""
    import keras

    class WarmedUp(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # Keras has no types
        def __call__(self, step: Any) -> Any:
            share = (keras.ops.cast(step, "float32") + 1) / updates
            return schedule(step) * keras.ops.minimum(share, 1.0)

        def get_config(self) -> dict[str, Any]:
            return {"updates": updates}

    return WarmedUp()
