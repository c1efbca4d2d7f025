"""Study: each network trained with many seeds, and what that says of it and of the others.

One run is an anecdote. A study takes minutes, so it is made only when asked for, by `mnist-assets
study` or the job `study`.
"""

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from mnist_assets.dataset.description import Description
from mnist_assets.dataset.loading import class_count
from mnist_assets.declarations.settings import Settings
from mnist_assets.networks.declaration import Network
from mnist_assets.orchestration.presentation import draw, table
from mnist_assets.orchestration.stage import Check, Stage, Stored, stored
from mnist_assets.orchestration.storage.optional import (
    Group,
    OptionalInputs,
    group_of,
    keys_of,
    split_reads,
)
from mnist_assets.orchestration.versions.code import code_version
from mnist_assets.study import paired_tests, summary
from mnist_assets.study.digits import Digits
from mnist_assets.study.resources import RunsFolder
from mnist_assets.study.runs import KeptRuns, fingerprint, remove_others, run_of, versions_of
from mnist_assets.study.training import Run, Study, tabulate, train_run
from mnist_assets.study.workers import Workers

if TYPE_CHECKING:
    import pandas as pd

STAGE = Stage("study")
MOST_DRAWN = 5  # networks in a picture: more would not fit into one that the web UI shows

RUNS = Check("runs", "Every run came to an end, each seed was used once, in both kinds.")
ENOUGH = Check("enough_seeds", "There are at least as many seeds as declared.", blocking=False)
PAIRED = Check("paired", "All networks have runs with the same seeds.", blocking=False)


class Seeds(dg.Config):
    """How often a network is trained, apart from the settings."""

    seeds: int | None = Field(
        None, ge=1, le=10_000, description="Seeds of each kind, instead of the declared number."
    )


def study_assets(networks: Mapping[str, Network], settings: Settings) -> list[dg.AssetsDefinition]:
    """The runs of each declared network, and their comparison.

    The comparison does without those of networks made only on request, where they were not made.
    """
    code = code_version(train_run)
    runs = {name: _runs_asset(name, of, settings, code) for name, of in networks.items()}
    requested = {name: group_of([runs[name]]) for name, of in networks.items() if of.on_request}
    return [*runs.values(), _comparison_asset(networks, settings, requested)]


def _runs_asset(name: str, network: Network, settings: Settings, code: str) -> dg.AssetsDefinition:
    training, claim = network.training, network.notebook_validation_accuracy
    common: dict[str, Any] = {
        "split_seed": settings.split.seed,
        "validation_share": settings.split.validation_share,
        "std_floor": settings.normalization.std_floor,
        "memory_limit": settings.training.memory_limit,
    }
    declared_seeds, confidence = settings.study.seeds, settings.study.confidence

    @STAGE.asset(
        "csv",
        name=name,
        reads=[
            "dataset/description",
            "dataset/train_images",
            "dataset/train_labels",
            "dataset/test_images",
            "dataset/test_labels",
            "preparation/split",
        ],
        kinds={"tensorflow", "keras"},
        needs=settings.training.needs,
        checks=[RUNS, ENOUGH],
        description=f"Validation and test accuracy of {name}, trained again and again: with other "
        "seeds of its initial weights and batch order, and on other splits into training and "
        "validation images. Takes minutes, and is made only when asked for.",
        on_request=True,
    )
    def runs(
        context: dg.AssetExecutionContext,
        config: Seeds,
        runs_folder: RunsFolder,
        workers: dg.ResourceParam[Workers],
        description: Any,
        train_images: Any,
        train_labels: Any,
        test_images: Any,
        test_labels: Any,
        split: Any,
    ) -> Stored:
        digits = Digits(train_images, train_labels, test_images, test_labels)
        study = Study(name, training, class_count(train_labels), split, **common)
        seeds = config.seeds or declared_seeds
        folder, decided_by = runs_folder.path(name), fingerprint(versions_of(digits), study, code)
        kept = KeptRuns(folder, decided_by, run_of)
        plan = study.plan(seeds)
        wanted = list(dict.fromkeys(run for of_kind in plan.values() for run in of_kind))
        done = kept.read()
        todo = [run for run in wanted if run not in done]
        if done_before := len(wanted) - len(todo):
            context.log.info(f"{name}: {done_before} of {len(wanted)} runs were finished before")
        started = time.monotonic()
        for trained, run in enumerate(workers.train(digits, study, todo), 1):
            kept.keep(run)
            done[run.seeds] = run
            runs_left = len(todo) - trained
            seconds_left = (time.monotonic() - started) / trained * runs_left
            number = f"{len(wanted) - runs_left}/{len(wanted)}"
            _report(context, run, number, seconds_left, runs_left)
        remove_others(folder, [decided_by])
        made = tabulate(plan, done)
        mnist = Description.from_json(description).mnist
        return stored(
            made,
            RUNS.result(summary.check_runs(made, seeds)),
            ENOUGH.result(summary.check_enough(made, declared_seeds)),
            trained_now=len(todo),
            **_shown(name, made, confidence, claim if mnist else None),
        )

    return runs


def _report(
    context: dg.AssetExecutionContext, run: Run, number: str, seconds_left: float, runs_left: int
) -> None:
    """Tell of a finished run: a line in the log and an observation in the web UI."""
    import pandas as pd

    result = run.failure or (
        f"validation accuracy {run.validation_accuracy:.4f}, test accuracy {run.test_accuracy:.4f}"
    )
    context.log.info(
        f"{context.asset_key.path[-1]}: run {number}, training seed {run.training_seed}, "
        f"split seed {run.split_seed}: {result}, {seconds_left:.0f} s left"
    )
    figures = asdict(run) | {"seconds_left": seconds_left, "runs_left": runs_left}
    told = {name: value for name, value in figures.items() if not pd.isna(value)}
    context.log_event(dg.AssetObservation(context.asset_key, metadata=told))


def _shown(
    name: str, made: "pd.DataFrame", confidence: float, claim: float | None
) -> dict[str, Any]:
    """What the web UI shows of a network's runs."""
    from mnist_assets.study import figures

    summarised = summary.summarise(made, confidence, claim)
    shown: dict[str, Any] = {
        "picture": draw(
            f"Accuracy of every run of {name}",
            figures.runs,
            made.assign(network=name),
            {name: claim},
            confidence,
        ),
        "summary": table(summary.summary_table(summarised)),
        "variation": summarised["variation"],
        "table": table(made),
    }
    if claim is not None:
        shown["notebook"] = {kind: summarised[kind]["notebook"] for kind in summary.KINDS}
    return shown


def _comparison_asset(
    networks: Mapping[str, Network], settings: Settings, requested: Mapping[str, Group]
) -> dg.AssetsDefinition:
    claims = {name: network.notebook_validation_accuracy for name, network in networks.items()}
    confidence, groups = settings.study.confidence, dict(requested)
    of_each = {name: {f"{name}_runs": f"study/{name}"} for name in networks}
    reads, optional = split_reads(of_each, groups)

    @STAGE.asset(
        "csv",
        reads=reads | {"description": "dataset/description"},
        optional_deps=keys_of(groups),
        kinds={"pandas"},
        checks=[PAIRED],
        on_request=True,
    )
    def comparison(
        context: dg.AssetExecutionContext,
        optional_inputs: OptionalInputs,
        description: Any,
        **tables: Any,
    ) -> Stored:
        """Each two networks compared over runs with the same seeds: which is better, how surely.

        Mean difference with its interval, paired t-test, and the exact sign-flip test, corrected
        for the number of comparisons by Holm's method.
        """
        import pandas as pd

        from mnist_assets.study import figures

        found, without = optional_inputs.read_groups(context.instance, groups, optional)
        tables |= found
        runs = {name: tables[f"{name}_runs"] for name in claims if f"{name}_runs" in tables}
        compared = paired_tests.compare_networks(runs, confidence)
        summaries = {name: summary.summarise(of, confidence, None) for name, of in runs.items()}
        drawn = summary.most_accurate(runs, MOST_DRAWN)
        of_drawn = pd.concat([runs[name].assign(network=name) for name in drawn])
        shown: dict[str, Any] = {
            "runs": draw(
                "Accuracy of every run of each network",
                figures.runs,
                of_drawn,
                claims if Description.from_json(description).mnist else {},
                confidence,
                among=len(runs),
            )
        }
        if len(drawn) > 1:
            both_drawn = compared[compared["first"].isin(drawn) & compared["second"].isin(drawn)]
            shown["differences"] = draw(
                "Mean differences of each two networks",
                figures.differences,
                both_drawn,
                confidence,
                among=len(runs),
            )
        return stored(
            compared,
            PAIRED.result(summary.check_paired(runs)),
            **shown,
            **without,
            correction=f"Holm's method over all {len(compared)} comparisons",
            lowest_possible_p_value=paired_tests.lowest_holm_p_value(compared),
            drawn=", ".join(drawn),
            variation={name: of["variation"] for name, of in summaries.items()},
            table=table(compared),
        )

    return comparison
