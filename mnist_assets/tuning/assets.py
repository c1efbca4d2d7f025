"""Tuning: the parts of a training varied one at a time, and what each was worth.

It takes minutes, so it is made only when asked for, by `mnist-assets tune` or the job `tuning`.
"""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import dagster as dg
from pydantic import Field

from mnist_assets.dataset.description import Description
from mnist_assets.dataset.loading import class_count
from mnist_assets.declarations.settings import Settings
from mnist_assets.networks.declaration import Network
from mnist_assets.orchestration.presentation import draw, table
from mnist_assets.orchestration.stage import Check, Stage, Stored, stored
from mnist_assets.orchestration.versions.code import code_version
from mnist_assets.study.digits import Digits
from mnist_assets.study.resources import ENDING, RunsFolder
from mnist_assets.study.runs import KeptRuns, fingerprint, remove_others, versions_of
from mnist_assets.study.training import Seeds as RunSeeds
from mnist_assets.study.training import Study
from mnist_assets.study.workers import Workers
from mnist_assets.tuning import summary
from mnist_assets.tuning.declaration import Sweep
from mnist_assets.tuning.training import (
    SweepRun,
    Task,
    seeds_of,
    tabulate,
    train_numbered,
    train_task,
)
from mnist_assets.tuning.variation import Point, points_of

STAGE = Stage("tuning")

RUNS = Check("runs", "Every training came to an end, with each seed once.")
FINITE = Check("finite", "No training diverged.", blocking=False)
ENOUGH = Check("enough_seeds", "There are at least as many seeds as declared.", blocking=False)


class Seeds(dg.Config):
    """How often a value is tried, apart from `tuning.yaml`."""

    seeds: int | None = Field(
        None, ge=2, le=10_000, description="Seeds of each value, instead of the declared number."
    )


def tuning_assets(
    sweeps: Mapping[str, Sweep], networks: Mapping[str, Network], settings: Settings, file: str
) -> list[dg.AssetsDefinition]:
    """The trainings of each sweep, what they say, and all sweeps side by side.

    Args:
        sweeps: Of declared networks.
        networks: The declared networks.
        settings: Those of all stages.
        file: Where the sweeps are declared, for errors.

    Raises:
        InputError: A sweep varies what is not there, or holds a value that is not allowed.
    """
    points = {
        name: [
            point
            for network in sweep.networks
            for point in points_of(
                sweep, network, networks[network].training, f"{file}: sweeps.{name}"
            )
        ]
        for name, sweep in sweeps.items()
    }
    notebooks = [
        name for name, of in networks.items() if of.notebook_validation_accuracy is not None
    ]
    confidence, assets = settings.study.confidence, []
    for name, sweep in sweeps.items():
        assets += [
            _runs_asset(name, sweep.seeds, points[name], settings),
            _sweep_asset(name, confidence, notebooks),
        ]
    return [*assets, _overview_asset(list(sweeps))] if sweeps else []


def _runs_asset(
    name: str, declared_seeds: int, points: list[Point], settings: Settings
) -> dg.AssetsDefinition:
    code = code_version(train_task)
    common: dict[str, Any] = {
        "split_seed": settings.split.seed,
        "validation_share": settings.split.validation_share,
        "std_floor": settings.normalization.std_floor,
        "memory_limit": settings.training.memory_limit,
    }

    @STAGE.asset(
        "csv",
        name=f"{name}{ENDING}",
        reads=["dataset/train_images", "dataset/train_labels", "preparation/split"],
        kinds={"tensorflow", "keras"},
        needs=settings.training.needs,
        checks=[RUNS, FINITE, ENOUGH],
        description=f"Every training of the sweep {name}, epoch by epoch, judged on the validation "
        "images of a split of its own. Takes minutes, and is made only when asked for.",
        on_request=True,
    )
    def runs(
        context: dg.AssetExecutionContext,
        config: Seeds,
        sweeps_folder: RunsFolder,
        workers: dg.ResourceParam[Workers],
        train_images: Any,
        train_labels: Any,
        split: Any,
    ) -> Stored:
        digits = Digits(train_images, train_labels, train_images[:0], train_labels[:0])
        classes, shape = class_count(train_labels), train_images.shape[1:]
        seeds = config.seeds or declared_seeds
        versions, folder = versions_of(digits), sweeps_folder.path(name)
        studies = [
            Study(point.network, point.training, classes, split, **common) for point in points
        ]
        kept = [
            KeptRuns(
                folder,
                fingerprint(versions, study, code, normalization=point.normalization),
                SweepRun.of,
            )
            for point, study in zip(points, studies, strict=True)
        ]
        tasks = [
            [Task(study, point.normalization, of) for of in seeds_of(seeds)]
            for point, study in zip(points, studies, strict=True)
        ]
        trained = _train(context, digits, points, tasks, kept, workers)
        remove_others(folder, [of_point.fingerprint for of_point in kept])
        made = tabulate(points, trained, shape, classes)
        return stored(
            made,
            RUNS.result(summary.check_runs(made, points, seeds)),
            FINITE.result(summary.check_finite(made)),
            ENOUGH.result(summary.check_enough(made, declared_seeds)),
            trainings=len(points) * seeds,
            training_seconds=float(made["seconds"].sum()),
        )

    return runs


def _train(
    context: dg.AssetExecutionContext,
    digits: Digits,
    points: Sequence[Point],
    tasks: Sequence[Sequence[Task]],
    kept: Sequence[KeptRuns[SweepRun]],
    workers: Workers,
) -> list[list[SweepRun]]:
    """The runs of each point, in the order of its tasks: those kept, and the others trained now."""
    done: list[dict[RunSeeds, SweepRun]] = [of_point.read_with_siblings() for of_point in kept]
    todo = [
        (place, task)
        for place, of_point in enumerate(tasks)
        for task in of_point
        if task.seeds not in done[place]
    ]
    wanted = sum(map(len, tasks))
    if len(todo) < wanted:
        told = f"{wanted - len(todo)} of {wanted} trainings were finished before"
        context.log.info(f"{context.asset_key.path[-1]}: {told}")
    work = {(place, task.seeds): task.study.training.epochs for place, task in todo}
    started, whole = time.monotonic(), sum(work.values())
    for place, run in workers.each(partial(train_numbered, digits), todo):
        kept[place].keep(run)
        done[place][run.seeds] = run
        del work[place, run.seeds]
        left = sum(work.values())
        seconds_left = (time.monotonic() - started) / (whole - left) * left
        number = f"{wanted - len(work)}/{wanted}"
        _report(context, points[place], run, number, seconds_left)
    return [
        [of_point[task.seeds] for task in of_tasks]
        for of_point, of_tasks in zip(done, tasks, strict=True)
    ]


def _report(
    context: dg.AssetExecutionContext, point: Point, run: SweepRun, number: str, seconds_left: float
) -> None:
    """Tell of a finished training: a line in the log and an observation in the web UI."""
    told: dict[str, Any] = {"network": point.network, "value": point.value}
    told |= {"seed": run.training_seed, "seconds_left": seconds_left}
    if run.failure:
        result = told["failure"] = run.failure
    else:
        told["validation_accuracy"] = run.validation_accuracy
        result = f"validation accuracy {run.validation_accuracy:.4f}"
    context.log.info(
        f"{context.asset_key.path[-1]}: training {number}, {point.network} at {point.value}, "
        f"seed {run.training_seed}: {result}, {seconds_left:.0f} s left"
    )
    context.log_event(dg.AssetObservation(context.asset_key, metadata=told))


def _sweep_asset(name: str, confidence: float, notebooks: list[str]) -> dg.AssetsDefinition:
    @STAGE.asset(
        "csv",
        name=name,
        reads={"runs": f"tuning/{name}{ENDING}", "description": "dataset/description"},
        kinds={"pandas"},
        description=f"What each value of the sweep {name} does on validation images, over several "
        "seeds, and what it has over the declared value: mean difference, its interval, and a "
        "p-value corrected by Holm's method.",
        on_request=True,
    )
    def sweep(runs: Any, description: Any) -> Stored:
        from mnist_assets.tuning import figures

        runs = summary.with_labels(runs)
        made = summary.summarise(runs, confidence)
        mnist = Description.from_json(description).mnist
        own = summary.name_declared(made, notebooks if mnist else [])
        told = summary.sentences(made, confidence, own)
        return stored(
            made,
            shows=" ".join(f"{network}: {sentence}" for network, sentence in told.items()),
            points=draw(
                f"Accuracy with each value of {name}",
                figures.points,
                made,
                runs,
                name,
                own,
                confidence,
            ),
            curves=draw(f"Learning with each value of {name}", figures.curves, runs, name, own),
            table=table(made),
        )

    return sweep


def _overview_asset(names: list[str]) -> dg.AssetsDefinition:
    @STAGE.asset(
        "csv",
        reads={f"{name}_sweep": f"tuning/{name}" for name in names},
        kinds={"pandas"},
        on_request=True,
    )
    def overview(**tables: Any) -> Stored:
        """The points of all sweeps side by side: who is accurate with few parameters, or quickly.

        `smallest` and `quickest` mark the Pareto fronts: no other point is as accurate with fewer
        parameters, or with less time for its training.
        """
        from mnist_assets.tuning import figures

        made = summary.overview(
            {name: summary.with_labels(tables[f"{name}_sweep"]) for name in names}
        )
        return stored(
            made,
            picture=draw("Accuracy against parameters and seconds", figures.overview, made),
            table=table(made),
        )

    return overview
