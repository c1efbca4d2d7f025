"""What a run shows in the terminal: each asset as it is made, its checks, an epoch a line."""

import logging

import click
import dagster as dg
from dagster import DagsterEventType


class _TerminalHandler(logging.Handler):
    """Prints the few events a person waits for."""

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        if event is None:
            if record.levelno >= logging.INFO and not _is_consequence(record.getMessage()):
                click.echo(f"    {meta.get('orig_message', record.getMessage())}")
        elif event.event_type == DagsterEventType.ASSET_MATERIALIZATION:
            click.echo(f"  ✓ {event.asset_key.to_user_string()}")
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
    )


@dg.logger(config_schema={}, description="Progress for a person in a terminal.")
def terminal(context: dg.InitLoggerContext) -> logging.Logger:
    """The logger that `mnist-assets materialize` runs with."""
    del context
    logger = logging.Logger("mnist_assets.orchestration.terminal")
    logger.addHandler(_TerminalHandler())
    return logger
