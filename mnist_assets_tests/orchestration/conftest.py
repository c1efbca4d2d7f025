"""A run history in memory."""

import dagster as dg
import pytest


@pytest.fixture(scope="package")
def reused_instance(tmp_path_factory):
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path_factory.mktemp("runs"))) as instance:
        yield instance


@pytest.fixture
def instance(reused_instance):
    """A run history with nothing in it; to make one anew takes longer than most of its tests."""
    reused_instance.wipe()
    return reused_instance
