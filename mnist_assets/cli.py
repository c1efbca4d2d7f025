"""The command line, `mnist-assets`: the graph without the web UI."""

import gc
import getpass
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from mnist_assets.assets.dataset import SOURCE
from mnist_assets.definitions import build_definitions, build_source, everything_job
from mnist_assets.errors import InputError
from mnist_assets.incremental import DATA_VERSION, NEVER, Graph, Run, State, bring_up_to_date
from mnist_assets.resources import ChampionArchive
from mnist_assets.run_lock import hold_lock
from mnist_assets.settings import PROJECT, Places, read_settings
from mnist_assets.steps import champion_archive as archiving
from mnist_assets.steps.compile_cache import use_compile_cache
from mnist_assets.steps.digits import prepare_digits, read_digits, score
from mnist_assets.steps.evaluation import predict as predict_probabilities
from mnist_assets.steps.networks import StoredNetwork
from mnist_assets.summary import show_summary
from mnist_assets.yaml_files import read_mapping

STARTED_HERE = {"mnist_assets/command": "materialize"}


@click.group()
def main() -> None:
    """MNIST from raw files to evaluated networks, as a graph of assets."""


@main.command()
@click.option("--select", default="*", help='What to bring up to date, as: key:"networks/best"+')
@click.option("--dry-run", is_flag=True, help="Say what would run, and why; run nothing.")
@click.option("--force", is_flag=True, help="Run every selected asset, changed or not.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, resolve_path=True),  # the command works in the project's folder
    help="YAML: Dagster's run configuration.",
)
def materialize(select: str, dry_run: bool, force: bool, config: Path | None) -> None:
    """Bring assets up to date: what is missing or changed, and what follows from it."""
    started = time.perf_counter()
    places = Places.from_environment()
    lock = hold_lock(places.lock, click.echo)
    with explained_errors(), open_instance() as instance, lock:
        end_dead_runs(instance)
        definitions = build_definitions(places)
        version = build_source(places).version()
        run_config = read_mapping(config) if config else {}
        graph = Graph(definitions, instance, {SOURCE: version}, run_config)
        selected = graph.select(select)
        if dry_run:
            show_plan(graph, selected)
            return
        observe_source(instance, version)
        use_compile_cache(PROJECT / "data" / "cache" / "compiled")
        gc.freeze()  # what is there by now stays: garbage is not to be looked for in it
        with native_logs_in(PROJECT / "data" / "dagster" / "tensorflow.log"):
            outcome = bring_up_to_date(
                graph,
                selected,
                lambda reasons: run_assets(instance, reasons, run_config),
                force=force,
            )
        show_summary(graph, places, outcome, time.perf_counter() - started)
    if not outcome.success:
        sys.exit(1)


@main.command()
@click.option("--select", default="*", help="What to tell of, as: group:networks")
def status(select: str) -> None:
    """Say of each asset whether it is up to date, and if not, why."""
    places = Places.from_environment()
    with explained_errors(), open_instance() as instance:
        version = build_source(places).version()
        graph = Graph(build_definitions(places), instance, {SOURCE: version})
        for key, (state, why) in graph.states(graph.select(select)).items():
            click.echo(f"{key.to_user_string():36} {state:12} {why}".rstrip())


@main.group()
def champion() -> None:
    """The network that serves: see who it is, put another in its place."""


@champion.command("list")
def list_champions() -> None:
    """Every champion so far, the present one marked."""
    with explained_errors():
        for row in archiving.list_versions(champion_folder()).to_dict("records"):
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
            path: read_digits(
                path,
                largest_file=limits.largest_file,
                largest_picture=limits.largest_picture,
            )
            for path in files
        }
        model = StoredNetwork(serving.model_path).model
        for path, digits in pictures.items():
            prepared = prepare_digits(digits, str(path), model.input_shape[1:3])
            scores = score(predict_probabilities(model, prepared, batch_size=1000))
            for row in scores.to_dict("records"):
                click.echo(
                    f"{path}: {row['digit']} ({row['probability']:.1%}), or "
                    f"{row['second_digit']} ({row['second_probability']:.1%})"
                )


def champion_folder() -> Path:
    """Where champions are kept."""
    return ChampionArchive(assets=Places.from_environment().assets).path


@contextmanager
def explained_errors() -> Iterator[None]:
    """Show what is wrong with an input as one message, without a traceback."""
    try:
        yield
    except InputError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def open_instance() -> Iterator[dg.DagsterInstance]:
    """The run history that `dagster dev` in the project's folder uses, or that of DAGSTER_HOME."""
    if not os.environ.get("DAGSTER_HOME"):
        os.chdir(PROJECT)
        os.environ["DAGSTER_HOME"] = str(PROJECT)
    with dg.DagsterInstance.get() as instance:
        yield instance


@contextmanager
def native_logs_in(path: Path) -> Iterator[None]:
    """Send what is written to the process's standard error to a file, progress stays on the output.

    TensorFlow reports at start-up, past any Python setting, which processor features it was built
    for and that it found no GPU. An error that ends the command is shown after this.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.flush()
    visible = os.dup(2)
    with path.open("w") as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(visible, 2)
            os.close(visible)


def end_dead_runs(instance: dg.DagsterInstance) -> None:
    """Record that runs of this command that were killed are over: whoever has the lock is alone."""
    status = dg.DagsterRunStatus
    unfinished = dg.RunsFilter(
        tags=STARTED_HERE, statuses=[status.NOT_STARTED, status.STARTING, status.STARTED]
    )
    for record in instance.get_run_records(unfinished):
        instance.report_run_failed(record.dagster_run, "The process of this run was killed.")


def observe_source(instance: dg.DagsterInstance, version: str) -> None:
    """Record the content of the dataset's files, if it is not the content recorded last."""
    latest = instance.fetch_observations(SOURCE, limit=1).records
    observation = latest[0].asset_observation if latest else None
    if observation is None or observation.tags.get(DATA_VERSION) != version:
        instance.report_runless_asset_event(
            dg.AssetObservation(SOURCE, tags={DATA_VERSION: version})
        )


def run_assets(
    instance: dg.DagsterInstance, reasons: Mapping[dg.AssetKey, str], config: Mapping[str, Any]
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
        dg.reconstructable(everything_job),
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
