"""`mnist-assets tune search` and `tune adopt`: networks found rather than thought of."""

from __future__ import annotations

import gc
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from mnist_assets.cli.context import native_logs_kept
from mnist_assets.cli.options import completed
from mnist_assets.declarations.places import Places
from mnist_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import dagster as dg

    from mnist_assets.tuning.search.study import Goal
    from mnist_assets.tuning.search.workers import Budget

INPUTS = {
    "images": ("dataset/train_images", "npy"),
    "labels": ("dataset/train_labels", "npy"),
    "split": ("preparation/split", "npz"),
    "normalization": ("preparation/normalization", "npz"),
}
# Beside the networks' compiled programs: those of trials are many, and few are needed again.
TRIAL_PROGRAMS = "trials"
SEARCH_EXAMPLES = """\b
Examples:
  mnist-assets tune search smallest_dense --trials 100
  mnist-assets tune search most_accurate --minutes 30 --processes 1
"""


@completed
def _search_names(places: Places) -> Iterable[str]:
    """The declared searches."""
    from mnist_assets.tuning.declaration import read_searches

    return read_searches(places.tuning)


@click.command(epilog=SEARCH_EXAMPLES)
@click.argument("name", metavar="SEARCH", shell_complete=_search_names)
@click.option(
    "--trials",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    help="Until there are so many finished trials, those of before included.",
)
@click.option(
    "--minutes",
    metavar="NUMBER",
    type=click.FloatRange(min=0, min_open=True),
    help="Begin no further trial after so long.",
)
@click.option(
    "--processes",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    help="Trials at a time. Without this option: as settings.yaml says of the study, at most one a "
    "core. With 1, the same seed gives the same trials.",
)
def search(name: str, trials: int | None, minutes: float | None, processes: int | None) -> None:
    """Search a space of networks that tuning.yaml declares.

    Trains network after network, judged on validation images alone, until there are as many trials
    as asked for or the time is up; one of --trials and --minutes has to be given. What was stopped
    goes on where it was; the same command elsewhere, with the run history in the same Postgres,
    works at the same search. Prints each trial as it ends and the best so far; then makes
    tuning/search, with pictures of all trials.
    """
    if trials is None and minutes is None:
        raise click.UsageError("How long? Give --trials, --minutes or both.")
    from mnist_assets.cli.graph import COMPILED, open_graph, update, working
    from mnist_assets.declarations.settings import read_settings
    from mnist_assets.networks.loop.compile_cache import use_compile_cache
    from mnist_assets.process import count_cores
    from mnist_assets.tuning.search.study import import_optuna
    from mnist_assets.tuning.search.workers import Budget

    import_optuna()
    places = Places.from_environment()
    settings = read_settings(places.settings)
    use_compile_cache(COMPILED.with_name(TRIAL_PROGRAMS))
    with working(places) as instance:
        goal, address = prepare(places, instance, name)
    side_by_side = processes or min(settings.study.processes, count_cores())
    budget = Budget(trials, None if minutes is None else 60 * minutes)
    _search(goal, address, budget, side_by_side)
    with working(places) as instance:
        graph = open_graph(places, instance, {}, on_request=True)
        outcome = update(graph, instance, graph.select('key:"tuning/search"'), {}, force=True)
        if not outcome.success:
            sys.exit(1)


def prepare(places: Places, instance: dg.DagsterInstance, name: str) -> tuple[Goal, str]:
    """A declared search on the data as they are, brought up to date, and its storage's address."""
    import dagster as dg

    from mnist_assets.cli.graph import open_graph, update
    from mnist_assets.dataset.loading import class_count
    from mnist_assets.declarations.settings import read_settings
    from mnist_assets.definitions import build_storages
    from mnist_assets.orchestration.history import database_beside
    from mnist_assets.tuning.declaration import read_searches, space_of
    from mnist_assets.tuning.search.study import Goal
    from mnist_assets.tuning.search.trials import TrainingPart

    searches = read_searches(places.tuning)
    if name not in searches:
        raise InputError(
            "the search",
            seen=name,
            expected=f"one of {', '.join(searches) or 'none: tuning.yaml declares no search'}",
            remedy=f"Declare it in {places.tuning}, or correct the name.",
        )
    graph = open_graph(places, instance, {}, on_request=False)
    selected = graph.select(" or ".join(f'+key:"{key}"' for key, _ in INPUTS.values()))
    if not update(graph, instance, selected, {}, quiet=True).success:
        raise click.ClickException("What the search learns from could not be made; see above.")
    storages = build_storages(places)
    values: dict[str, Any] = {
        of: storages[ending].load(storages[ending].file_of(dg.AssetKey.from_user_string(key)))
        for of, (key, ending) in INPUTS.items()
    }
    part = TrainingPart(
        **values,
        classes=class_count(values["labels"]),
        memory_limit=read_settings(places.settings).training.memory_limit,
    )
    found = searches[name]
    return Goal(name, found, space_of(name, found, places.tuning), part), database_beside(
        instance, "tuning"
    )


def _search(goal: Goal, address: str, budget: Budget, processes: int) -> None:
    """Make the trials, and tell of each."""
    from mnist_assets.tuning.search import workers
    from mnist_assets.tuning.search.study import open_storage, open_study
    from mnist_assets.tuning.search.table import describe, describe_best

    gc.enable()
    study = open_study(goal, open_storage(address))
    done = workers.count_finished(study)
    click.echo(f"{goal.name}: {done} trials were finished before", err=True)
    started = time.monotonic()
    with native_logs_kept():
        for trial in workers.search(goal, address, budget, processes=processes):
            minutes = (time.monotonic() - started) / 60
            click.echo(f"{goal.name} [{minutes:.1f} min] {describe(trial)}", err=True)
            click.echo(f"{' ' * len(goal.name)} {describe_best(study)}", err=True)


ADOPT_EXAMPLES = """\b
Examples:
  mnist-assets tune adopt smallest_dense --at-least 0.955 --name mine
  mnist-assets tune adopt smallest_dense 17 --name seventeen --seeds 10
"""


@click.command(epilog=ADOPT_EXAMPLES)
@click.argument("search_name", metavar="SEARCH", shell_complete=_search_names)
@click.argument("trial", metavar="[TRIAL]", type=click.IntRange(min=0), required=False)
@click.option("--name", required=True, help="What the network is to be called.")
@click.option(
    "--at-least",
    metavar="ACCURACY",
    type=click.FloatRange(0, 1),
    help="Of the trials with at least this validation accuracy, that with the fewest parameters.",
)
@click.option(
    "--seeds",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="With how many seeds it is trained again first, which its thresholds come from.",
)
def adopt(
    search_name: str, trial: int | None, name: str, at_least: float | None, seeds: int
) -> None:
    """Make a trial of a search a network like all others.

    Without TRIAL: the one that --at-least says; or, where accuracy alone was sought, the most
    accurate. Adds it to networks.yaml, with where it comes from in a comment.
    """
    from mnist_assets.cli.graph import COMPILED, working
    from mnist_assets.networks.declaration import Training
    from mnist_assets.networks.loop.compile_cache import use_compile_cache
    from mnist_assets.tuning.search import adoption
    from mnist_assets.tuning.search.study import finished_trials, open_storage, open_study

    places = Places.from_environment()
    adoption.require_free(name, places.networks)
    use_compile_cache(COMPILED.with_name(TRIAL_PROGRAMS))
    with working(places) as instance:
        goal, address = prepare(places, instance, search_name)
    finished = finished_trials(open_study(goal, open_storage(address)))
    chosen = adoption.choose_trial(
        finished, search_name, trial, at_least, is_single=len(goal.search.objectives) == 1
    )
    training = Training.model_validate(chosen.user_attrs["training"])
    click.echo(
        f"Trial {chosen.number}: validation accuracy "
        f"{chosen.user_attrs['validation_accuracy']:.4f}, "
        f"{chosen.user_attrs['parameters']:,} parameters. Training it with {seeds} seeds:"
    )
    measured = []
    with native_logs_kept():
        for seed, of_seed in enumerate(adoption.train_again(training, goal.part, range(seeds))):
            click.echo(f"  seed {seed}: validation accuracy {of_seed.validation_accuracy:.4f}")
            measured.append(of_seed)
    origin = adoption.Provenance(
        search_name,
        goal.search.description,
        goal.study,
        chosen.number,
        len(finished),
        chosen.user_attrs["validation_accuracy"],
        range(seeds),
        measured,
    )
    added = adoption.append_network(places.networks, name, training, origin)
    click.echo(f"Added to {places.networks}:\n{added}\n`mnist-assets materialize` trains it.")
