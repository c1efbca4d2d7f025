"""What a model card says, and what it says it does not know."""

import re

from mnist_assets.champion.export.agreement import Agreement
from mnist_assets.champion.export.card import ExportedFile, Subject, write_card
from mnist_assets.champion.export.subject import network_subject
from mnist_assets.dataset.description import Description
from mnist_assets.evaluation.predictions import predict
from mnist_assets.evaluation.scores import evaluate
from mnist_assets_tests.champion.export.networks import make_images, make_network

NAMES = ["ant", "bee", "cat", "dog"]
MNIST = Description("MNIST", True, [0, 1, 2, 3], NAMES, [], ["Turned round."])
ROBUSTNESS = [
    {"distortion": "shift", "strength": 2.0, "unit": "pixels", "accuracy": 0.75},
    {"distortion": "inversion", "strength": 1.0, "unit": "-", "accuracy": 0.125},
]
AGREEMENT = Agreement(images=50, correct=48, other_class=2, near_ties=0, largest_difference=3e-7)


def subject_and_model():
    model, training = make_network([{"kind": "dense", "units": 5}])
    images, labels = make_images()
    parts = (predict(model, images), labels)
    figures = evaluate(validation=parts, test=parts, classes=4)
    plain = training.plain() | {"seed": 17}
    return Subject("champion 0007-best", plain, figures, MNIST, ROBUSTNESS, {"run": "x1"}), model


def section(card, title):
    found = re.search(rf"## {title}\n\n(.*?)(\n\n## |\Z)", card, re.DOTALL)[1]
    return found.replace("\N{NO-BREAK SPACE}", " ").replace("\N{EN DASH}", "-")


def rows(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_a_card_tells_what_is_known():
    subject, model = subject_and_model()
    files = [
        ExportedFile("digits.tflite", "litert", 8_128, AGREEMENT),
        ExportedFile("small.tflite", "litert", 2_064, AGREEMENT, int8=True),
        ExportedFile("digits.onnx", "onnx", 9_000, None),
    ]
    card = write_card(subject, model, files)
    assert card.startswith("# Model card: champion 0007-best\n")
    what = section(card, "What it is")
    assert f"{model.count_params():,} parameters that tells which of 4 classes" in what
    assert "20 x 18 pixels shows: ant, bee, cat, dog." in what
    assert ["Dense", "5", "1,805"] in rows(what)
    running = section(card, "Running it")
    assert "uint8 (n, 20, 18), 0 to 255" in running
    assert 'Interpreter("digits.tflite")' in running
    assert 'InferenceSession("digits.onnx")' in running
    assert "small.tflite" not in running
    assert "MNIST." in section(card, "Data")
    assert "50 test images it was judged by" in section(card, "Data")
    assert "Turned round." in section(card, "Data")
    test = rows(section(card, "How right it is"))[1]
    accuracy = subject.figures["test"]["accuracy"]
    assert test[:2] == ["test", "50"]
    assert test[2].startswith(f"{100 * accuracy:.2f}")
    assert re.fullmatch(r"\d+\.\d\d-\d+\.\d\d %", test[3])
    assert "of class " in section(card, "How right it is")
    told = rows(section(card, "The files"))
    assert told[0] == ["digits.tflite", "float32", "8,128", "96.00 %", "2 of 50", "3.0e-07"]
    assert told[1][1] == "int8"
    assert told[2][3:] == ["-", "-", "-"]
    assert rows(section(card, "Limits"))[0][:2] == ["shift", "2 pixels"]
    assert rows(section(card, "Limits"))[1][:2] == ["inversion", "-"]
    assert section(card, "Training").startswith("Seed 17;")
    assert '"learning_rate": 0.1' in section(card, "Training")
    versions = dict(rows(section(card, "Versions")))
    assert versions["run"] == "x1"
    assert versions["keras"].count(".") == 2


def test_a_card_says_what_is_not_known():
    known, model = subject_and_model()
    subject = network_subject("mine", known.training, None, {}, [])
    card = write_card(subject, model, [ExportedFile("mine", "saved_model", 1, None)])
    assert card.startswith("# Model card: network mine\n")
    assert section(card, "Data").startswith("Not known")
    assert section(card, "How right it is").startswith("Not known")
    assert "Distorted" not in section(card, "Limits")
    assert 'tf.saved_model.load("mine")' in section(card, "Running it")


def test_its_examples_are_code():
    subject, model = subject_and_model()
    files = [ExportedFile(kind, kind, 1, None) for kind in ("saved_model", "litert", "onnx")]
    blocks = re.findall(r"```python\n(.*?)```", write_card(subject, model, files), re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        compile(block, "card", "exec")
        assert len(block.splitlines()) == 3
