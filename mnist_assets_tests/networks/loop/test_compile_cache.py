import os
import subprocess
import sys

import pytest

from mnist_assets.networks.loop.compile_cache import use_compile_cache

# Each training is in a process of its own, all of which have TensorFlow from one that imports it.
TRAININGS = """
import hashlib, os, sys
from pathlib import Path
import numpy as np
import tensorflow
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.loop.compile_cache import use_compile_cache
from mnist_assets.networks.training import train_network

folder = Path(sys.argv[1])

def train():
    use_compile_cache(folder)
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (100, 6, 5)).astype(np.uint8)
    labels = np.arange(100, dtype=np.uint8) % 3
    trained, _ = train_network(
        "tiny",
        Training(layers=[{"kind": "dense", "units": 8}], batch_size=16, epochs=2, seed=1,
                 optimizer={"kind": "adam", "learning_rate": 0.1}),
        images, labels,
        {"train": np.arange(80, dtype=np.int32),
         "validation": np.arange(80, 100, dtype=np.int32)},
        {"mean": images.mean(axis=0).astype(np.float32),
         "std": images.std(axis=0).astype(np.float32)},
        classes=3, memory_limit=10**9, on_epoch=lambda epoch: None)
    weights = b"".join(weight.tobytes() for weight in trained.model.get_weights())
    print(hashlib.sha256(weights).hexdigest(), flush=True)

def program():
    (found,) = folder.rglob("xla_compile_cache_*.pb")
    return found

for number in range(3):
    if number == 2:
        program().write_bytes(program().read_bytes()[:1000])
    if not (child := os.fork()):
        train()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    print(len(program().read_bytes()), program().stat().st_mtime_ns, flush=True)
"""


def test_a_setting_of_the_users_own_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_persistent_cache_directory=/elsewhere")
    use_compile_cache(tmp_path)
    assert os.environ["TF_XLA_FLAGS"] == "--tf_xla_persistent_cache_directory=/elsewhere"


def test_other_flags_stay(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_clustering_debug")
    use_compile_cache(tmp_path)
    assert os.environ["TF_XLA_FLAGS"].startswith("--tf_xla_clustering_debug --tf_xla_persistent")


@pytest.mark.slow
def test_a_kept_program_gives_the_same_weights_and_a_damaged_one_is_compiled_anew(tmp_path):
    # A cache that this process uses would be taken for the user's own.
    environment = {name: value for name, value in os.environ.items() if name != "TF_XLA_FLAGS"}

    told = subprocess.run(
        [sys.executable, "-c", TRAININGS, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    (first, again, anew), sizes_and_times = told[::2], [line.split() for line in told[1::2]]
    assert first == again == anew
    (size, written), (_, kept), (whole, rewritten) = sizes_and_times
    assert (size, written) == (whole, kept)
    assert rewritten > written
