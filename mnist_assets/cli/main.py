"""The command `mnist-assets`: what all its commands share, and the list of them.

Modules of commands import what is heavy, Dagster before all, when a command runs: help and
completion come at once.
"""

import errno

import click

from mnist_assets.cli.champion import champion
from mnist_assets.cli.clean import clean
from mnist_assets.cli.dataset import dataset
from mnist_assets.cli.export import export
from mnist_assets.cli.materialize import materialize
from mnist_assets.cli.predict import predict
from mnist_assets.cli.search import adopt, search
from mnist_assets.cli.status import status
from mnist_assets.cli.study import study
from mnist_assets.cli.tune import tune
from mnist_assets.cli.verify import verify
from mnist_assets.errors import InputError

HELP_OF_COMPLETION = """\b
Examples:
  mnist-assets status                 what is out of date, and why
  mnist-assets materialize            bring it up to date
  mnist-assets materialize --help     what a command does and takes

\b
The Tab key completes commands, options, networks and versions once you add
  to ~/.bashrc:
    eval "$(_MNIST_ASSETS_COMPLETE=bash_source mnist-assets)"
  or to ~/.zshrc:
    eval "$(_MNIST_ASSETS_COMPLETE=zsh_source mnist-assets)"
  or to ~/.config/fish/completions/mnist-assets.fish:
    _MNIST_ASSETS_COMPLETE=fish_source mnist-assets | source
"""


# What tells of a place that a setting names, rather than of a mistake in a command.
UNUSABLE = {errno.EACCES, errno.ENOSPC, errno.ENOTDIR, errno.EPERM, errno.EROFS}


class _Commands(click.Group):
    """Commands that say what is wrong with an input in one message, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except InputError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            if error.errno not in UNUSABLE or not error.filename:
                raise
            refusal = InputError(
                error.filename,
                seen=error.strerror,
                expected="a place that can be read and written",
                remedy="Correct the place, or what MNIST_ASSETS_DATA or DAGSTER_HOME names.",
            )
            raise click.ClickException(str(refusal)) from error


def _show_versions(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    """Print the versions that a report of an error should name, and end."""
    del parameter
    if not value or context.resilient_parsing:
        return
    from mnist_assets.orchestration.versions.libraries import DISTRIBUTIONS, installed_version

    for names in (("mnist-assets",), ("dagster",), DISTRIBUTIONS["tensorflow"]):
        click.echo(f"{names[0]} {installed_version(*names) or '(not installed)'}")
    context.exit()


@click.group(cls=_Commands, epilog=HELP_OF_COMPLETION)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_versions,
    help="Show the versions of mnist-assets, Dagster and TensorFlow, and exit.",
)
@click.pass_context
def main(context: click.Context) -> None:
    """MNIST from raw files to evaluated networks, as a graph of assets.

    An asset is a value that the graph makes and keeps under data/assets/: a split, a trained
    network, a table, the report. It is made again only when its code, its declaration or something
    that it is made from has changed.
    """
    from mnist_assets.process import collection_paused

    context.with_resource(collection_paused())  # what a command loads, it keeps


for command in (
    materialize,
    status,
    verify,
    clean,
    study,
    tune,
    champion,
    predict,
    export,
    dataset,
):
    main.add_command(command)
for command in (search, adopt):
    tune.add_command(command)
