"""For real: `dagster dev` with its daemon, a file in the inbox, a prediction through GraphQL."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_assets.declarations.places import PROJECT
from mnist_assets_tests.tiny import make_digits

pytestmark = pytest.mark.slow

PATIENCE = 900  # seconds
PREDICTION = """
query($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode {
      assetMaterializations(limit: 1) {
        partition
        metadataEntries { label ... on IntMetadataEntry { intValue }
                          ... on TextMetadataEntry { text } }
      }
    }
  }
}
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def server(made_project, tmp_path):
    """A tiny project under `dagster dev`, everything in it up to date and switched on."""
    project = made_project
    project.edit("settings.yaml", "running: false", "running: true")
    with project.instance() as instance:
        assert project.graph(instance).reasons() == {}
    environment = os.environ | project.environment | {"PYTHONPATH": str(PROJECT)}
    port = free_port()
    dagster = Path(sys.executable).with_name("dagster")
    module = ["-m", "mnist_assets.definitions"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [dagster, "dev", "-p", str(port), *module],
            env=environment,
            cwd=tmp_path,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        yield project, f"http://127.0.0.1:{port}/graphql"
        # Asked to end, `dagster dev` waits half a minute for its own children.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ask(address, query, variables):
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(  # noqa: S310 - an address of this test's own
        address, body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - as above
        return json.load(answer)["data"]


def latest_prediction(address):
    try:
        data = ask(address, PREDICTION, {"key": {"path": ["inference", "predictions"]}})
    except OSError:
        return None  # not up yet
    made = data["assetNodeOrError"].get("assetMaterializations")
    return made[0] if made else None


def test_a_file_dropped_into_the_inbox_becomes_a_prediction(server):
    project, address = server
    images, _ = make_digits(4, 5)
    inbox = Path(project.places.inbox)
    inbox.mkdir(exist_ok=True)
    picture = np.kron(np.pad(images[2], 3), np.ones((8, 8), np.uint8))
    Image.fromarray(picture).save(inbox / "dropped.png")
    deadline = time.monotonic() + PATIENCE
    while (prediction := latest_prediction(address)) is None:
        assert time.monotonic() < deadline, (project.folder / "log").read_text()[-3000:]
        time.sleep(2)
    table = project.folder / "assets/inference/predictions" / f"{prediction['partition']}.csv"
    assert "dropped.png" in table.read_text()
    told = {entry["label"]: entry for entry in prediction["metadataEntries"]}
    assert told["files"]["intValue"] == 1
    champion = json.loads(project.path("champion/model", "json").read_text())["version"]
    assert told["champion"]["text"] == champion
