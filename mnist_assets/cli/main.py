"""The command line, `mnist-assets`: the graph without the web UI."""

import gc
import getpass
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import dagster as dg

from mnist_assets.champion import archive as archiving
from mnist_assets.champion.history import list_versions
from mnist_assets.champion.resources import ChampionArchive
from mnist_assets.cli.context import (
    STARTED_HERE,
    explained_errors,
    native_logs_in,
    open_instance,
    working,
)
from mnist_assets.cli.summary import show_study, show_summary
from mnist_assets.dataset.assets import SOURCE
from mnist_assets.declarations.places import PROJECT, Places
from mnist_assets.declarations.settings import read_settings
from mnist_assets.declarations.yaml_files import read_mapping
from mnist_assets.definitions import (
    build_definitions,
    build_source,
    build_storages,
    everything_job,
    study_job,
)
from mnist_assets.errors import InputError
from mnist_assets.evaluation.predictions import predict as predict_probabilities
from mnist_assets.inference.digits import prepare_digits, score
from mnist_assets.inference.picture_files import read_pictures
from mnist_assets.networks.compile_cache import use_compile_cache
from mnist_assets.networks.declaration import read_networks
from mnist_assets.networks.stored import StoredNetwork
from mnist_assets.orchestration.dagster_internals import SerializableErrorInfo
from mnist_assets.orchestration.executor import INTERRUPTED
from mnist_assets.orchestration.incremental import (
    DATA_VERSION,
    NEVER,
    Graph,
    Run,
    State,
    bring_up_to_date,
)
from mnist_assets.orchestration.run_lock import hold_lock
from mnist_assets.process import collection_paused


@click.group()
@click.pass_context
def main(context: click.Context) -> None:
    """MNIST from raw files to evaluated networks, as a graph of assets."""
    context.with_resource(collection_paused())  # what a command loads, it keeps


@main.command()
@click.option("--select", help='What, as: key:"networks/best"+; without it, all but the study.')
@click.option("--dry-run", is_flag=True, help="Say what would run, and why; run nothing.")
@click.option("--force", is_flag=True, help="Run every selected asset, changed or not.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, resolve_path=True),  # the command works in the project's folder
    help="YAML: Dagster's run configuration.",
)
def materialize(select: str | None, dry_run: bool, force: bool, config: Path | None) -> None:
    """Bring assets up to date: what is missing or changed, and what follows from it."""
    started = time.perf_counter()
    places = Places.from_environment()
    with explained_errors(), working(places) as instance:
        run_config = read_mapping(config) if config else {}
        graph = open_graph(places, instance, run_config, on_request=select is not None)
        selected = graph.select(select or "*")
        if dry_run:
            show_plan(graph, selected)
            return
        outcome = update(graph, instance, selected, run_config, force=force)
        show_summary(graph, places, outcome, time.perf_counter() - started)
    if not outcome.success:
        sys.exit(1)


@main.command()
@click.option("--seeds", type=click.IntRange(min=1), help="Instead of those in settings.yaml.")
@click.option("--select", "names", multiple=True, help="This network alone; may be repeated.")
def study(seeds: int | None, names: tuple[str, ...]) -> None:
    """Train each network with many seeds: how far do its figures vary by chance.

    Takes minutes. A study that was stopped goes on where it was.
    """
    places = Places.from_environment()
    with explained_errors(), working(places) as instance:
        settings = read_settings(places.settings).study
        declared = list(read_networks(places.networks))
        networks = choose_networks(names, declared)
        config = {"seeds": seeds or settings.seeds}
        run_config = {"ops": {f"study__{name}": {"config": config} for name in networks}}
        graph = open_graph(places, instance, run_config, on_request=True)
        wanted = networks if names else [*networks, "comparison"]
        selected = graph.select(" or ".join(f'+key:"study/{name}"' for name in wanted))
        outcome = update(graph, instance, selected, run_config)
        show_study(places, declared, settings.confidence)
    if not outcome.success:
        sys.exit(1)


@main.command()
@click.option("--select", help="What, as: group:networks; without it, all but the study.")
def status(select: str | None) -> None:
    """Say of each asset whether it is up to date, and if not, why."""
    places = Places.from_environment()
    with explained_errors(), open_instance() as instance:
        graph = open_graph(places, instance, {}, on_request=select is not None)
        for key, (state, why) in graph.states(graph.select(select or "*")).items():
            click.echo(f"{key.to_user_string():36} {state:12} {why}".rstrip())


@main.group()
def champion() -> None:
    """The network that serves: see who it is, put another in its place."""


@champion.command("list")
def list_champions() -> None:
    """Every champion so far, the present one marked."""
    with explained_errors():
        for row in list_versions(champion_folder()).to_dict("records"):
            mark = "*" if row["current"] else " "
            click.echo(f"{mark} {row['version']:20} {row['when']}  {row['action']}: {row['why']}")


@champion.command()
@click.argument("network")
@click.option("--why", required=True, help="The reason, for the log.")
@click.option("--who", default=getpass.getuser, help="Who decides so; you, by default.")
def promote(network: str, why: str, who: str) -> None:
    """Make NETWORK the champion, whatever the decision says."""
    change_champion({"promote": network, "why": why, "who": who})


@champion.command()
@click.argument("version")
@click.option("--why", required=True, help="The reason, for the log.")
@click.option("--who", default=getpass.getuser, help="Who decides so; you, by default.")
def rollback(version: str, why: str, who: str) -> None:
    """Make an earlier VERSION the champion again."""
    change_champion({"roll_back_to": version, "why": why, "who": who})


def change_champion(change: dict[str, str]) -> None:
    """Materialise the champion with a change, so that Dagster's history has it, too."""
    places = Places.from_environment()
    config = {"ops": {"champion__model": {"config": change}}}
    key = dg.AssetKey(["champion", "model"])
    with explained_errors(), open_instance() as instance, hold_lock(places.lock, click.echo):
        if not run_assets(instance, {key: ", ".join(change.values())}, config).success:
            sys.exit(1)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def predict(files: tuple[Path, ...]) -> None:
    """Say which digits FILES show, PNG, JPEG or IDX, by the champion."""
    limits = read_settings(Places.from_environment().settings).inbox
    with explained_errors(), native_logs_in(PROJECT / "data" / "dagster" / "tensorflow.log"):
        serving = archiving.current(champion_folder())
        if serving is None:
            raise InputError(
                champion_folder(),
                seen="no champion",
                expected="a network that was promoted",
                remedy="Run `make run` first.",
            )
        pictures = {
            path: read_pictures(
                path,
                largest_file=limits.largest_file,
                largest_picture=limits.largest_picture,
            )
            for path in files
        }
        model = StoredNetwork(serving.model_path).model
        for path, digits in pictures.items():
            prepared = prepare_digits(digits, str(path), model.input_shape[1:3])
            scores = score(predict_probabilities(model, prepared))
            for row in scores.to_dict("records"):
                click.echo(
                    f"{path}: {row['digit']} ({row['probability']:.1%}), or "
                    f"{row['second_digit']} ({row['second_probability']:.1%})"
                )


def champion_folder() -> Path:
    """Where champions are kept."""
    return ChampionArchive(assets=Places.from_environment().assets).path


def open_graph(
    places: Places, instance: dg.DagsterInstance, config: Mapping[str, Any], *, on_request: bool
) -> Graph:
    """The project's graph with its history, over the dataset as it is now."""
    version = build_source(places).version()
    definitions = build_definitions(places)
    return Graph(
        definitions,
        instance,
        {SOURCE: version},
        build_storages(places),
        config,
        on_request=on_request,
    )


def update(
    graph: Graph,
    instance: dg.DagsterInstance,
    selected: list[dg.AssetKey],
    config: Mapping[str, Any],
    *,
    force: bool = False,
) -> Run:
    """Bring assets up to date."""
    observe_source(instance, graph.observed[SOURCE])
    use_compile_cache(PROJECT / "data" / "cache" / "compiled")
    gc.freeze()  # what is there by now stays: garbage is not to be looked for in it
    gc.enable()
    with native_logs_in(PROJECT / "data" / "dagster" / "tensorflow.log"):
        return bring_up_to_date(
            graph,
            selected,
            lambda reasons: run_jobs(graph, instance, reasons, config),
            force=force,
        )


def run_jobs(
    graph: Graph,
    instance: dg.DagsterInstance,
    reasons: Mapping[dg.AssetKey, str],
    config: Mapping[str, Any],
) -> Run:
    """Materialise assets, those made only on request in a run of their own when the rest went well.

    The job over everything has no study in it.
    """
    run = Run(set(), success=True)
    for job, on_request in ((everything_job, False), (study_job, True)):
        of_job = {
            key: why for key, why in reasons.items() if graph.is_made_on_request(key) == on_request
        }
        if of_job and run.success:
            this = run_assets(instance, of_job, config, job)
            run = Run(run.made | this.made, this.success)
    return run


def choose_networks(names: tuple[str, ...], declared: list[str]) -> list[str]:
    """The networks of these names, or all.

    Raises:
        InputError: There is none of that name.
    """
    if unknown := [name for name in names if name not in declared]:
        raise InputError(
            "--select",
            seen=", ".join(unknown),
            expected=f"any of {', '.join(declared)}",
            remedy="Name networks that are declared in networks.yaml.",
        )
    return [name for name in declared if name in names or not names]


def observe_source(instance: dg.DagsterInstance, version: str) -> None:
    """Record the content of the dataset's files, if it is not the content recorded last."""
    latest = instance.fetch_observations(SOURCE, limit=1).records
    observation = latest[0].asset_observation if latest else None
    if observation is None or observation.tags.get(DATA_VERSION) != version:
        instance.report_runless_asset_event(
            dg.AssetObservation(SOURCE, tags={DATA_VERSION: version})
        )


def run_assets(
    instance: dg.DagsterInstance,
    reasons: Mapping[dg.AssetKey, str],
    config: Mapping[str, Any],
    job: Callable[[], dg.JobDefinition] = everything_job,
) -> Run:
    """Materialise assets with their checks in one run, in this process."""
    steps = {key.to_python_identifier() for key in reasons}
    ops = {name: of_op for name, of_op in config.get("ops", {}).items() if name in steps}
    click.echo(f"Materialising {len(reasons)} asset{'s' if len(reasons) > 1 else ''}:")
    for key, reason in reasons.items():
        if reason != NEVER:
            click.echo(f"  {key.to_user_string()}: {reason}")
    # Unlike execute_in_process this does not hold on to every value until the run is over.
    with dg.execute_job(
        dg.reconstructable(job),
        instance=instance,
        asset_selection=list(reasons),
        run_config={**config, "ops": ops, "loggers": {"terminal": {}}},
        tags=STARTED_HERE,
    ) as result:
        return explain(result)


def explain(result: dg.JobExecutionResult) -> Run:
    """Say why steps failed, and what a run made."""
    for event in result.all_events:
        if event.is_step_failure and (reason := failure_reason(event.step_failure_data.error)):
            click.secho(f"{event.step_key} failed: {reason}", fg="red")
    made = {event.asset_key for event in result.all_events if event.is_step_materialization}
    return Run({key for key in made if key}, result.success)


def failure_reason(error: SerializableErrorInfo | None) -> str:
    """What to tell a person of a failed step; nothing if a check has already told it."""
    chain = []
    while error:
        chain.append(error)
        error = error.cause
    if not chain or chain[-1].cls_name == "DagsterAssetCheckFailedError":
        return ""
    if any(link.cls_name in INTERRUPTED for link in chain):
        return "it was interrupted"
    told = next((link for link in chain if link.cls_name == InputError.__name__), chain[-1])
    return told.message.partition(": ")[2].strip()


def show_plan(graph: Graph, selected: list[dg.AssetKey]) -> None:
    """Say which of the selected assets would run, and which only if their inputs change."""
    lines = [
        f"{key.to_user_string():40} {why}"
        for key, (state, why) in graph.states(selected).items()
        if state != State.UP_TO_DATE
    ]
    click.echo("\n".join(lines) or "Nothing to do: everything is up to date.")
