"""The model card: what an exported network is, how right it is, and where it must not be trusted.

Its sections are those of Mitchell et al., "Model Cards for Model Reporting" (2019).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mnist_assets.champion.export.agreement import Agreement
from mnist_assets.dataset.description import Description
from mnist_assets.formatting import interval, number, percent
from mnist_assets.orchestration.versions.libraries import DISTRIBUTIONS, installed_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import keras

EXAMPLES = {
    "saved_model": """import tensorflow as tf
run = tf.saved_model.load("{name}").signatures["serving_default"]
print(run(images=tf.constant(images))["probabilities"].numpy().argmax(axis=1))""",
    "litert": """from ai_edge_litert.interpreter import Interpreter  # or tf.lite.Interpreter
run = Interpreter("{name}").get_signature_runner()
print(run(images=images)["probabilities"].argmax(axis=1))""",
    "onnx": """import onnxruntime
run = onnxruntime.InferenceSession("{name}").run
print(run(None, {{"images": images}})[0].argmax(axis=1))""",
}


@dataclass(frozen=True)
class ExportedFile:
    """A file that a card is about.

    Attributes:
        name: Its name.
        format: `saved_model`, `litert` or `onnx`.
        bytes: Its size.
        agreement: How its answers differ from the network's; None where nothing was there to ask.
        int8: Whether its arithmetic has 8 bits, so that answers differ.
    """

    name: str
    format: str
    bytes: int
    agreement: Agreement | None
    int8: bool = False


@dataclass(frozen=True)
class Subject:
    """The network that a card is about.

    Attributes:
        name: What it is called: a champion's version, or a network's name.
        training: How it was trained, as plain values, the seed among them.
        figures: What `evaluation.scores.evaluate` gave of it, or nothing.
        description: The dataset in words, or None where it is not known.
        robustness: Rows of `quality.robustness.measure_robustness`, or none.
        versions: Further versions, by name.
    """

    name: str
    training: Mapping[str, Any]
    figures: Mapping[str, Any]
    description: Description | None
    robustness: Sequence[Mapping[str, Any]]
    versions: Mapping[str, str]


def write_card(subject: Subject, model: keras.Model, files: Sequence[ExportedFile]) -> str:
    """Write the card of a network and the files it was exported to, as Markdown."""
    sections = {
        "What it is": _what_it_is(subject, model),
        "Running it": _running(model, files),
        "Data": _data(subject),
        "How right it is": _figures(subject),
        "The files": _files(files),
        "Limits": _limits(subject, model),
        "Training": _training(subject),
        "Versions": _versions(subject),
    }
    parts = [f"# Model card: {subject.name}"]
    for title, lines in sections.items():
        parts += [f"## {title}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _what_it_is(subject: Subject, model: keras.Model) -> Iterator[str]:
    _, height, width, _ = model.input_shape
    names = subject.description.class_names if subject.description else None
    classes = model.output_shape[-1]
    told = f": {', '.join(names[:26])}{', …' if classes > 26 else ''}" if names else ""
    yield (
        f"A neural network of {number(model.count_params())} parameters that tells which of "
        f"{classes} classes a grey image of {height} x {width} pixels shows{told}."
    )
    yield ""
    yield "It was made to be learnt from, with a course on MNIST; nothing is known of other uses."
    yield ""
    yield from _table(
        ("layer", "output", "parameters"),
        (
            (type(layer).__name__, " x ".join(map(str, layer.output.shape[1:])), _count(layer))
            for layer in model.layers
        ),
    )


def _count(layer: keras.Layer) -> str:
    return number(layer.count_params())


def _running(model: keras.Model, files: Sequence[ExportedFile]) -> Iterator[str]:
    _, height, width, _ = model.input_shape
    yield (
        f"`images` are pixels as they are, uint8 (n, {height}, {width}), 0 to 255; normalising is "
        f"inside. What comes back are probabilities, float32 (n, {model.output_shape[-1]}), in the "
        "order of the classes."
    )
    yield ""
    shown: dict[str, str] = {}
    for file in files:
        shown.setdefault(file.format, file.name)
    for kind, name in shown.items():
        yield from ("```python", EXAMPLES[kind].format(name=name), "```", "")


def _data(subject: Subject) -> Iterator[str]:
    if subject.description is None:
        yield "Not known: the dataset was not beside the network when this card was written."
        return
    yield f"{subject.description.title}."
    if subject.description.mnist:
        yield "MNIST is by Yann LeCun and Corinna Cortes, under CC BY-SA 3.0."
    for part, use in (("validation", "chosen by"), ("test", "judged by, and by nothing else")):
        if part in subject.figures:
            yield f"{number(subject.figures[part]['images'])} {part} images it was {use}."
    yield "The normalisation was fitted on its training images alone."
    yield from subject.description.notices


def _figures(subject: Subject) -> Iterator[str]:
    if not subject.figures:
        yield "Not known: it had not been evaluated when this card was written."
        return
    confidence = subject.figures["test"]["accuracy_interval"]["confidence"]
    names = subject.description.class_names if subject.description else None
    yield from _table(
        ("part", "images", "accuracy", f"Wilson {percent(confidence, 0)} interval", "loss"),
        (
            (
                part,
                number(of["images"]),
                percent(of["accuracy"]),
                interval(of["accuracy_interval"]),
                number(of["loss"], 4),
            )
            for part, of in subject.figures.items()
        ),
    )
    worst = min(subject.figures["test"]["per_class"], key=lambda row: row["recall"])
    label = names[worst["class"]] if names else worst["class"]
    yield ""
    yield (
        f"Of the test images it finds those of class {label} least often: "
        f"{percent(worst['recall'])} of them."
    )


def _files(files: Iterable[ExportedFile]) -> Iterator[str]:
    def row(file: ExportedFile) -> tuple[str, ...]:
        arithmetic, of = "int8" if file.int8 else "float32", file.agreement
        if of is None:
            return file.name, arithmetic, number(file.bytes), "-", "-", "-"
        return (
            file.name,
            arithmetic,
            number(file.bytes),
            percent(of.accuracy),
            f"{number(of.other_class)} of {number(of.images)}",
            f"{of.largest_difference:.1e}",
        )

    header = ("file", "arithmetic", "bytes", "test accuracy", "another class", "probabilities")
    yield from _table(header, map(row, files))
    yield ""
    yield (
        "Another class: in how many test images the file sees one that the network does not. "
        "Probabilities: how far one of them is from the network's at most. A dash: not measured."
    )


def _limits(subject: Subject, model: keras.Model) -> Iterator[str]:
    _, height, width, _ = model.input_shape
    yield (
        f"- It takes one object in {height} x {width} pixels, placed, sized and as dark or light "
        "as in the dataset: a photograph has to be prepared first, as `mnist-assets predict` does."
    )
    yield "- It names a class of whatever it is shown, and a high probability proves nothing."
    yield "- How right it is was measured on images like those it learnt from, by one training."
    if subject.robustness:
        yield "- Distorted, it is right on fewer:"
        yield ""
        yield from _table(
            ("distortion", "strength", "accuracy"),
            (
                (row["distortion"], _strength(row), percent(row["accuracy"]))
                for row in subject.robustness
            ),
        )


def _strength(row: Mapping[str, Any]) -> str:
    return "-" if row["unit"] == "-" else f"{row['strength']:g} {row['unit']}"


def _training(subject: Subject) -> Iterator[str]:
    yield f"Seed {subject.training['seed']}; all of the declaration:"
    yield from ("", "```json", json.dumps(dict(subject.training), indent=2), "```")


def _versions(subject: Subject) -> Iterator[str]:
    packages = (("mnist-assets",), *(DISTRIBUTIONS[of] for of in ("tensorflow", "keras", "numpy")))
    installed = {names[0]: installed_version(*names) or "unknown" for names in packages}
    yield from _table(("what", "version"), (installed | dict(subject.versions)).items())


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
