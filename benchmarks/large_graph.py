"""The graph itself on a dataset larger than memory, with values in a folder and on an object store.

    python -m benchmarks.large_graph --images 6000000

Each stage is brought up to date by a command of its own, and watched. The object store is moto's
S3 on this machine: what a network in between would cost is not in the figures. One network is
trained, for two epochs.
"""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import click
import numpy as np
import yaml

from benchmarks.images import LARGEST_SHIFT, read_repeated, require_space, shift_images
from benchmarks.processes import run_python
from benchmarks.scale import BYTES, NETWORK
from benchmarks.tables import Row, render, write_csv
from mnist_assets.dataset.declaration import FILE
from mnist_assets.dataset.idx import encode_header
from mnist_assets.dataset.idx_names import FILE_NAMES
from mnist_assets.dataset.loading import MNIST, load_dataset
from mnist_assets.declarations.places import BUNDLED_DATASET, NETWORKS_FILE, PROJECT

RESULTS = Path(__file__).with_name("results") / "large_graph.csv"
MATERIALIZE = "from mnist_assets.cli.main import main; main()"
STAGES = {
    "dataset": "group:dataset",
    "exploration": "group:exploration",
    "split and normalisation": "group:preparation",
    "training": f'key:"networks/{NETWORK}" or key:"networks/{NETWORK}_history"',
    "evaluation": f'key:"evaluation/{NETWORK}_predictions" or key:"evaluation/{NETWORK}"',
}
EPOCHS = 2
# Validation images are shifted copies of those that train: they are read right more often.
DECLARED = "bounds: {evaluation: {part_significance: 0}}\n"
PORT = 5555


@click.command()
@click.option("--images", type=click.IntRange(min=1000), default=6_000_000, show_default=True)
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
def main(images: int, results: Path) -> None:
    """Measure each stage on so many training images, here and on an object store."""
    # The dataset, its arrays, and a local copy of what is on the store, which holds it in memory.
    require_space(Path(tempfile.gettempdir()), 4 * images * BYTES)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="mnist-assets-bench-") as name:
        folder = Path(name)
        write_dataset(folder / "dataset", images)
        write_networks(folder / "networks.yaml")
        rows += _measure("folder", folder, str(folder / "values"), {})
        write_csv(results, rows)
        shutil.rmtree(folder / "values")
        with object_store(folder) as environment:
            rows += _measure("object store", folder, "s3://values/large", environment)
    write_csv(results, rows)
    click.echo(show(rows))


def show(rows: list[Row]) -> str:
    """Seconds, microseconds an image and peak memory."""
    columns = ["values in", "stage", "images", "s", "us / image", "peak MB"]
    lines = [
        [
            row["place"],
            row["stage"],
            f"{row['images']:,}",
            f"{row['seconds']:.1f}",
            f"{row['seconds'] / row['images'] * 1e6:.2f}",
            f"{row['peak_megabytes']:.0f}",
        ]
        for row in rows
    ]
    return render(columns, lines) + (
        "\nPeak: memory of all processes of the command, its own, without pages of mapped files."
    )


def write_dataset(folder: Path, images: int) -> None:
    """Write four IDX files: MNIST's training part, repeated and shifted, its test part shifted."""
    folder.mkdir()
    run_python(["-m", "benchmarks.images", str(folder), str(images)], folder=PROJECT)
    test = load_dataset(BUNDLED_DATASET, MNIST).dataset
    shifted = shift_images(test.test_images, LARGEST_SHIFT, np.random.default_rng(1))
    arrays = [*read_repeated(folder), shifted, test.test_labels]
    for name, array in zip(FILE_NAMES, arrays, strict=True):
        with (folder / FILE_NAMES[name]).open("wb") as file:
            file.write(encode_header(array.shape))
            for start in range(0, len(array), 100_000):
                file.write(np.ascontiguousarray(array[start : start + 100_000]).tobytes())
    for path in folder.glob("*.npy"):
        path.unlink()
    (folder / FILE).write_text(DECLARED, encoding="utf-8")


def write_networks(path: Path) -> None:
    """Declare the one network, for fewer epochs."""
    network = yaml.safe_load(NETWORKS_FILE.read_text(encoding="utf-8"))["networks"][NETWORK]
    network["training"]["epochs"] = EPOCHS
    path.write_text(yaml.safe_dump({"networks": {NETWORK: network}}), encoding="utf-8")


@contextmanager
def object_store(folder: Path) -> Iterator[dict[str, str]]:
    """A server of S3 with an empty bucket; the environment that makes processes use it."""
    address = f"http://127.0.0.1:{PORT}"
    with (folder / "store.log").open("wb") as log:
        server = subprocess.Popen(  # noqa: S603 - what is installed here
            [sys.executable, "-m", "moto.server", "-p", str(PORT)], stdout=log, stderr=log
        )
        try:
            _create_bucket()
            yield {
                "AWS_ENDPOINT_URL": address,
                "AWS_ACCESS_KEY_ID": "somebody",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_DEFAULT_REGION": "us-east-1",
                # It puts an object together in memory before it answers.
                "FSSPEC_S3": json.dumps({"config_kwargs": {"read_timeout": 900}}),
            }
        finally:
            server.terminate()
            server.wait()


def _create_bucket() -> None:
    with socket.socket() as client:
        while client.connect_ex(("127.0.0.1", PORT)):
            time.sleep(0.1)
    connection = HTTPConnection("127.0.0.1", PORT)
    connection.request("PUT", "/values")
    connection.getresponse()
    connection.close()


def _measure(place: str, folder: Path, values: str, environment: Mapping[str, str]) -> list[Row]:
    home = folder / place
    home.mkdir()
    shutil.copy(PROJECT / "dagster.yaml", home)
    rows: list[Row] = []
    for stage, selection in STAGES.items():
        finished = run_python(
            ["-c", MATERIALIZE, "materialize", "--quiet", "--select", selection],
            folder=home,
            environment={
                "DAGSTER_HOME": str(home),
                "MNIST_ASSETS_DATA": values,
                "MNIST_ASSETS_DATASET": str(folder / "dataset"),
                "MNIST_ASSETS_NETWORKS": str(folder / "networks.yaml"),
                **environment,
            },
            with_family=True,
        )
        rows.append(
            {
                "place": place,
                "stage": stage,
                "images": (folder / "dataset" / FILE_NAMES["train_labels"]).stat().st_size - 8,
                "seconds": finished.seconds,
                "peak_megabytes": finished.peak_megabytes,
            }
        )
        figures = f"{finished.seconds:.1f} s, {finished.peak_megabytes:.0f} MB"
        click.echo(f"{place}, {stage}: {figures}")
    return rows


if __name__ == "__main__":
    main()
