"""What all tests share."""

import importlib
import os
import sys
from importlib.metadata import version

import pytest
from absl import logging as absl_logging
from hypothesis import settings

# A busy machine must not fail a property that holds.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Tests never see the settings of whoever runs them.
for name in [name for name in os.environ if name.startswith("MNIST_ASSETS_")]:
    del os.environ[name]
os.environ.pop("DAGSTER_HOME", None)
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"

# Dagster closes every logging handler when a run begins, and absl's, which comes with TensorFlow,
# then closes the stream it has: it must not be what pytest captures standard error in.
absl_logging.get_absl_handler().python_handler.stream = sys.__stderr__


def pytest_sessionstart():
    """Say what Dagster moved, before every test that imports it fails to."""
    try:
        importlib.import_module("mnist_assets.orchestration.dagster_internals")
    except ImportError as error:
        pytest.exit(
            f"Dagster {version('dagster')} moved what mnist_assets/orchestration depends on, and "
            f"lists in dagster_internals.py: {error}",
            returncode=1,
        )


def pytest_make_parametrize_id(val):
    """Name no test by bytes: gzip's hold the time, and all workers must find the same tests."""
    return "bytes" if isinstance(val, bytes) else None


@pytest.fixture
def no_waiting_for_the_disk(monkeypatch):
    """Tests end processes, never the machine."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
