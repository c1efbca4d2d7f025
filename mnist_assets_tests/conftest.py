"""What all tests share."""

import os

from hypothesis import settings

# A busy machine must not fail a property that holds.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Tests never see the settings of whoever runs them.
for name in [name for name in os.environ if name.startswith("MNIST_ASSETS_")]:
    del os.environ[name]
os.environ.pop("DAGSTER_HOME", None)
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
