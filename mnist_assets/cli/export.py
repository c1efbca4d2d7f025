"""`mnist-assets export`: a network as a file that other software runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_assets.cli.context import native_logs_kept
from mnist_assets.cli.options import network_names
from mnist_assets.declarations.places import Places
from mnist_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mnist_assets.champion.export.card import Subject
    from mnist_assets.networks.stored import StoredNetwork

FORMATS = ("saved_model", "litert", "onnx")
EXAMPLES = """\b
Examples:
  mnist-assets export --format litert --output digits.tflite
  mnist-assets export --format litert --int8 --output small.tflite
  mnist-assets export best --format onnx --output best.onnx
  mnist-assets export --format saved_model --output digits/
"""


@click.command(epilog=EXAMPLES)
@click.argument("network", required=False, shell_complete=network_names)
@click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS),
    required=True,
    help="saved_model is a folder for TensorFlow, litert a file for telephones and small machines, "
    "onnx one for ONNX runtimes (it needs the extra [onnx]).",
)
@click.option(
    "--output",
    metavar="PATH",
    type=click.Path(path_type=Path, resolve_path=True),
    required=True,
    help="Where it is to be; nothing may be there yet.",
)
@click.option("--int8", is_flag=True, help="Compute in 8 bits: a quarter of the size. litert only.")
def export(network: str | None, kind: Any, output: Path, int8: bool) -> None:
    """Write a network as a file for other software.

    NETWORK is a name in networks.yaml; without it the champion is written. The file takes pixels as
    they are, 0 to 255: the normalisation is inside. Its model card lies beside it, PATH with the
    ending .md, or inside the folder as model_card.md.

    Then the file is run on the test images, if they are there: it has to see the same classes as
    the network, and its probabilities have to be within 1e-5; with --int8 its accuracy is told.

    The exit code is 1 if an input is wrong or the file answers otherwise than the network.
    """
    from mnist_assets.champion.export.agreement import check_same_answers, compare_answers
    from mnist_assets.champion.export.card import ExportedFile, write_card
    from mnist_assets.champion.export.writing import CARD, run_file, size_of, write_network
    from mnist_assets.evaluation.predictions import predict

    card = output / CARD if kind == "saved_model" else output.with_suffix(".md")
    _refuse(kind, output, card, int8=int8)
    places = Places.from_environment()
    read = _reader(places)
    with native_logs_kept():
        stored, describe = _find(places, network, read)
        images = read("dataset/train_images.npy") if int8 else None
        if int8 and images is None:
            raise InputError(
                "--int8",
                seen="no training images among the values",
                expected="dataset/train_images.npy",
                remedy="Run `mnist-assets materialize` before.",
            )
        model = stored.model
        write_network(model, kind, output, images, int8=int8)
        agreement = correct = None
        tested, labels = (read(f"dataset/test_{part}.npy") for part in ("images", "labels"))
        if tested is not None and labels is not None and tested.shape[1:] == model.input_shape[1:3]:
            expected = predict(model, tested)
            correct = int((expected.argmax(axis=1) == labels).sum())
            agreement = compare_answers(expected, run_file(kind, output, tested), labels)
        file = ExportedFile(output.name, kind, size_of(output), agreement, int8=int8)
        card.write_text(write_card(describe(correct), model, [file]), encoding="utf-8")
    click.echo(f"{output}: {file.bytes:,} bytes; its model card: {card}")
    if agreement is None:
        click.echo("Not run: there are no test images of its size among the values.")
        return
    click.echo(f"Test accuracy {agreement.accuracy:.4f} on {agreement.images:,} images.")
    finding = check_same_answers(agreement)
    if int8:
        click.echo(f"In 8 bits {agreement.other_class} of them come out as another class.")
        return
    click.echo(finding.message, err=not finding.passed)
    if not finding.passed:
        sys.exit(1)


def _refuse(kind: str, output: Path, card: Path, *, int8: bool) -> None:
    """See that what is asked for can be.

    Raises:
        InputError: It cannot.
    """
    if int8 and kind != "litert":
        raise InputError(
            "--int8", seen=f"--format {kind}", expected="litert", remedy="Leave one of them out."
        )
    for path in (output, card):
        if path.exists():
            raise InputError(
                "--output",
                seen=f"{path}, which is there",
                expected="the name of something new",
                remedy="Give another name, or remove it.",
            )
    if not output.parent.is_dir():
        raise InputError(
            "--output",
            seen=f"no folder {output.parent}",
            expected="a path in a folder that is there",
            remedy="Make the folder, or give another path.",
        )


def _reader(places: Places) -> Callable[[str], Any]:
    """What reads a value's file, and gives None where there is none."""
    import numpy as np
    import pandas as pd

    from mnist_assets.orchestration.storage.addresses import open_address

    def read(file: str) -> Any:
        path = open_address(places.assets) / file
        if not path.exists():
            return None
        with path.open("rb") as opened:
            if path.suffix == ".npy":
                array: NDArray[Any] = np.load(opened, allow_pickle=False)
                return array
            return json.load(opened) if path.suffix == ".json" else pd.read_csv(opened)

    return read


def _find(
    places: Places, name: str | None, read: Callable[[str], Any]
) -> tuple[StoredNetwork, Callable[[int | None], Subject]]:
    """The network asked for, and what gathers what a card says of it.

    That takes how many test images the network is right on: an evaluation that says otherwise is of
    another training.

    Raises:
        InputError: It was not made, or there is no champion.
    """
    from mnist_assets.champion.archive import archive_folder, serving
    from mnist_assets.champion.export.subject import champion_subject, network_subject
    from mnist_assets.dataset.description import Description
    from mnist_assets.networks.declaration import read_networks
    from mnist_assets.networks.storage import NetworkStorage
    from mnist_assets.networks.stored import StoredNetwork
    from mnist_assets.orchestration.storage.addresses import open_address

    described = read("dataset/description.json")
    dataset = Description.from_json(described) if described else None
    if name is None:
        champion = serving(archive_folder(places.assets))
        quality = read("champion/quality.json") or {}
        network = StoredNetwork(champion.model_path)
        return network, lambda _: champion_subject(champion, dataset, quality)
    declared = read_networks(places.networks)
    if name not in declared:
        raise InputError(
            "NETWORK",
            seen=name,
            expected=f"one of {', '.join(declared)}",
            remedy="Name a network that is declared in networks.yaml, or none for the champion.",
        )
    network = NetworkStorage().load(open_address(places.assets) / "networks" / f"{name}.keras")

    def describe(correct: int | None) -> Subject:
        evaluation = read(f"evaluation/{name}.json") or {}
        rows = read(f"evaluation/{name}_robustness.csv")
        robustness = [] if rows is None else rows.to_dict("records")
        if not evaluation or correct not in (None, evaluation["test"]["correct"]):
            evaluation, robustness = {}, []
        return network_subject(name, network.training, dataset, evaluation, robustness)

    return network, describe
