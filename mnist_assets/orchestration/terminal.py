"""What a run shows in the terminal: each asset as it is made, its checks, an epoch a line.

It goes to standard error: the standard output of a command is what came of it.
"""

import logging

import click
import dagster as dg
from dagster import DagsterEventType


class _TerminalHandler(logging.Handler):
    """Prints the few events a person waits for; if quiet, only warnings and what failed."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__()
        self._quiet = quiet

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        if event is None:
            least = logging.WARNING if self._quiet else logging.INFO
            if record.levelno >= least and not _is_consequence(record.getMessage()):
                click.echo(f"    {meta.get('orig_message', record.getMessage())}", err=True)
        elif event.event_type == DagsterEventType.ASSET_MATERIALIZATION and not self._quiet:
            click.echo(f"  ✓ {event.asset_key.to_user_string()}", err=True)
        elif event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION:
            _show_check(event.asset_check_evaluation_data)


def _is_consequence(message: str) -> bool:
    """Whether a message only says that a step is left out since another failed."""
    return "Dependencies for step" in message


def _show_check(evaluation: "dg.AssetCheckEvaluation") -> None:
    if evaluation.passed:
        return
    is_error = evaluation.severity == dg.AssetCheckSeverity.ERROR
    click.secho(
        f"    check {evaluation.check_name} on {evaluation.asset_key.to_user_string()} "
        f"{'failed' if is_error else 'warns'}: {evaluation.description}",
        fg="red" if is_error else "yellow",
        err=True,
    )


@dg.logger(
    config_schema={"quiet": dg.Field(bool, default_value=False, description="Only what is wrong.")},
    description="Progress for a person in a terminal.",
)
def terminal(context: dg.InitLoggerContext) -> logging.Logger:
    """The logger that `mnist-assets materialize` runs with."""
    logger = logging.Logger("mnist_assets.orchestration.terminal")
    logger.addHandler(_TerminalHandler(quiet=context.logger_config["quiet"]))
    return logger
