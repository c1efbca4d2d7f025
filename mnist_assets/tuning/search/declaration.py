"""What may be declared of a search in `tuning.yaml`, beside its space."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from mnist_assets.declarations.yaml_files import Declared, Whole

SearchName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Objective = Literal["validation_accuracy", "parameters", "training_seconds", "latency"]
MAXIMISED: Final = "validation_accuracy"  # the others are to be small


class TPE(Declared):
    """Tree-structured Parzen estimators: values like those of the better trials.

    Attributes:
        startup_trials: How many are drawn at random first.
    """

    kind: Literal["tpe"]
    startup_trials: Whole = Field(default=10, ge=1, le=10_000)


class NSGA2(Declared):
    """A genetic algorithm that spreads its trials over the Pareto front.

    Attributes:
        population: Trials of a generation, the first of which is drawn at random.
    """

    kind: Literal["nsga2"]
    population: Whole = Field(default=20, ge=2, le=10_000)


Sampler = Annotated[TPE | NSGA2, Field(discriminator="kind")]


class Search(Declared):
    """A space of trainings, and what is looked for in it.

    Attributes:
        description: What it is for.
        training: The space: a training as in `networks.yaml`, with values left open
            (`space.py`).
        objectives: What is sought: accuracy on the validation images; few parameters; short
            training; a short time to classify a single image.
        sampler: How the next values are chosen.
        pruner: What ends trainings early that fall behind: `median`, below the median of the others
            after as many epochs; `hyperband`, by successive halving. For one objective alone.
        parameters_at_most: Networks with more are not trained.
        seed: Of the sampler.
    """

    description: str = Field(min_length=1)
    training: dict[str, Any]
    objectives: tuple[Objective, ...] = Field(default=(MAXIMISED,), min_length=1)
    sampler: Sampler = TPE(kind="tpe")
    pruner: Literal["none", "median", "hyperband"] = "none"
    parameters_at_most: Whole | None = Field(default=None, ge=1)
    seed: Whole = Field(default=0, ge=0, lt=2**32)

    @model_validator(mode="after")
    def _fits_together(self) -> Search:
        if len(set(self.objectives)) < len(self.objectives):
            raise ValueError("each objective once")
        if MAXIMISED not in self.objectives:
            raise ValueError(f"{MAXIMISED} among the objectives")
        if self.pruner != "none" and len(self.objectives) > 1:
            raise ValueError("pruner none where there are several objectives: it compares by one")
        return self
