"""Calling the command line in a test's own process."""

from click.testing import CliRunner

from mnist_assets.cli.main import main


def command(*arguments):
    """What came of `mnist-assets` with these arguments; its errors are the test's."""
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)
