"""What a page gets of a network: run here in NumPy, against Keras."""

import json
import re
from base64 import b64decode

import jinja2
import numpy as np
import pytest
from scipy.special import erf

from mnist_assets.errors import InputError
from mnist_assets.evaluation.predictions import predict
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.model import build_network
from mnist_assets.preparation.normalization import fit_normalization
from mnist_assets.report.assets.page import TEMPLATES
from mnist_assets.report.checks import check_self_contained
from mnist_assets.report.page_network import (
    ACTIVATIONS,
    SCRIPTS,
    example_digits,
    export_network,
    export_preparation,
    render_canvas,
)
from mnist_assets_tests.inference.test_digits import prepare_digit
from mnist_assets_tests.tiny import CLASSES, SHAPE

TIMES = "\N{NO-BREAK SPACE}\N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}"
TEMPLATE = (TEMPLATES / "canvas.html.jinja").read_text(encoding="utf-8")
SCRIPT = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in SCRIPTS)
SIGMOID = {"sigmoid": lambda x: 1 / (1 + np.exp(-x))}
REFERENCE = SIGMOID | {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "selu": lambda x: 1.05070098 * np.where(x > 0, x, 1.67326324 * np.expm1(x)),
    "gelu": lambda x: x * (1 + erf(x / np.sqrt(2))) / 2,
    "silu": lambda x: x * SIGMOID["sigmoid"](x),
    "tanh": np.tanh,
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True),
}


def make_images(count, shape, classes, seed=0):
    """Images that are light in rows which tell their class, on noise; and their labels."""
    images = np.random.default_rng(seed).integers(0, 136, (count, *shape), dtype=np.uint8)
    labels = np.arange(count, dtype=np.uint8) % classes
    rows = shape[0] // classes
    for image, label in zip(images, labels, strict=True):
        image[rows * label : rows * (label + 1)] += 120
    return images, labels


def learnt_network(shape, classes, seed=0):
    """A network with every kind of layer and activation, after some real steps of training."""
    layers = [{"kind": "dropout", "rate": 0.1}]
    for units, activation in enumerate(ACTIVATIONS[:-1], start=16):
        layers += [{"kind": "dense", "units": units, "activation": activation}]
        layers += [{"kind": "batch_normalization"}]
    declared = Training.model_validate(
        {
            "layers": layers,
            "optimizer": {"kind": "sgd", "learning_rate": 0.1},
            "batch_size": 32,
            "epochs": 1,
            "seed": seed,
        }
    )
    images, labels = make_images(40, shape, classes, seed)
    fitted = fit_normalization(images, np.arange(40, dtype=np.int32), 25.5)
    model = build_network(declared.layers, fitted, classes=classes, seed=seed, name="learnt")
    for layer in model.layers:
        if hasattr(layer, "momentum"):
            layer.momentum = 0.5  # with Keras's, statistics move only after hundreds of steps
    model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
    model.optimizer.learning_rate = 0.02
    for _ in range(4):
        model.train_on_batch(images[..., None].astype(np.float32), labels)
    return model


@pytest.fixture(scope="module", params=[((28, 28), 10), (SHAPE, CLASSES)], ids=["mnist", "tiny"])
def model(request):
    return learnt_network(*request.param)


def small_network(*layers, inputs=(3, 2, 1)):
    import keras

    return keras.Sequential([keras.Input(inputs), *layers], name="small")


def run(network, images):
    """The forward pass of an exported network."""

    def array(text):
        return np.frombuffer(b64decode(text, validate=True), "<f4").astype(np.float64)

    values = images.reshape(len(images), -1).astype(np.float64)
    for layer in network["layers"]:
        match layer["kind"]:
            case "normalization":
                values = (values - array(layer["mean"])) / array(layer["std"])
            case "scale":
                values = values * array(layer["scale"]) + array(layer["shift"])
            case "dense":
                kernel = array(layer["kernel"]).reshape(-1, layer["units"])
                values = REFERENCE[layer["activation"]](values @ kernel + array(layer["bias"]))
    return values


# --- the network ---


def test_an_exported_network_answers_as_keras_does(model):
    images, _ = make_images(200, model.input_shape[1:3], model.output_shape[1], seed=1)
    network = json.loads(json.dumps(export_network(model)))
    assert (*network["shape"], 1) == model.input_shape[1:]
    assert network["classes"] == model.output_shape[1]
    kinds = [layer["kind"] for layer in network["layers"]]
    assert kinds == ["normalization", *["dense", "scale"] * len(ACTIVATIONS[:-1]), "dense"]
    expected = predict(model, images, 100)
    assert np.ptp(expected, axis=0).min() > 0.1  # the answers depend on the image
    np.testing.assert_allclose(run(network, images), expected, atol=5e-6)


def test_moving_statistics_are_what_the_export_rests_on(model):
    batch_normalization = next(layer for layer in model.layers if hasattr(layer, "moving_mean"))
    assert np.abs(np.asarray(batch_normalization.moving_mean)).max() > 0.01
    before, statistics = export_network(model), np.asarray(batch_normalization.moving_mean)
    batch_normalization.moving_mean.assign(statistics + 1)
    assert export_network(model) != before
    batch_normalization.moving_mean.assign(statistics)
    assert export_network(model) == before


def test_every_activation_that_may_be_declared_is_known_to_the_page():
    assert set(ACTIVATIONS) == set(REFERENCE)
    known = re.search(r"const ACTIVATIONS = {(.*?)\n  };", SCRIPT, re.DOTALL)[1]
    assert set(re.findall(r"^    (\w+)", known, re.MULTILINE)) == set(ACTIVATIONS[:-1])


def dense(units, **options):
    import keras

    return keras.layers.Dense(units, **options)


@pytest.mark.parametrize(
    ("build", "named"),
    [
        (lambda keras: [keras.layers.Conv2D(2, 2)], "Conv2D"),
        (lambda keras: [keras.layers.Rescaling(1 / 255)], "Rescaling"),
        (lambda keras: [keras.layers.Normalization(mean=1, variance=1, invert=True)], "invert"),
        (lambda keras: [keras.layers.BatchNormalization()], "BatchNormalization"),
        (lambda keras: [dense(3)], "Dense"),  # of the last axis, not of all pixels
        (lambda keras: [keras.layers.Flatten(), dense(3, use_bias=False)], "use_bias"),
        (lambda keras: [keras.layers.Flatten(), dense(3, activation="softplus")], "softplus"),
        (
            lambda keras: [keras.layers.Flatten(), keras.layers.BatchNormalization(center=False)],
            "center",
        ),
    ],
)
def test_a_layer_that_a_page_cannot_run_is_named(build, named):
    import keras

    rest = [keras.layers.Flatten(), dense(4, activation="softmax", name="end")]
    with pytest.raises(InputError, match=named) as caught:
        export_network(small_network(*build(keras), *rest))
    assert str(caught.value).startswith("network small, layer ")


# --- the drawing and the examples ---


def test_preparation_constants_are_those_of_the_graph():
    rules = export_preparation()
    stroke = np.zeros((60, 60), np.uint8)
    stroke[5:55, 28:32] = 200
    rows = np.flatnonzero(prepare_digit(stroke).any(axis=1))
    assert rows[-1] - rows[0] + 1 == round(rules["box"] * 28)
    stroke[stroke > 0] = rules["least_contrast"]
    prepare_digit(stroke)
    stroke[stroke > 0] -= 1
    with pytest.raises(InputError):
        prepare_digit(stroke)


def test_examples_are_the_first_image_of_each_class_there_is():
    images, _ = make_images(5, (4, 3), 4)
    examples = example_digits(images, np.array([2, 0, 2, 0, 3], np.uint8), 4)
    assert [example["digit"] for example in examples] == [0, 2, 3]
    first, second, third = (b64decode(example["pixels"]) for example in examples)
    assert (first, second, third) == tuple(images[index].tobytes() for index in (1, 0, 4))


# --- the part of the page ---


def render(model, largest=1_000_000, **changes):
    shape, classes = model.input_shape[1:3], model.output_shape[1]
    arguments = {
        "name": "a <small> one",
        "parameters": 1234,
        "test_accuracy": 0.9375,
        "names": [str(index) for index in range(classes)],
        "mnist": True,
        "template": TEMPLATE,
        "script": SCRIPT,
    }
    return render_canvas(
        export_network(model),
        example_digits(*make_images(20, shape, classes), classes),
        largest=largest,
        **arguments | changes,
    )


def test_the_part_says_what_reads_and_has_a_bar_for_each_class(model):
    part = render(model)
    assert "a &lt;small&gt; one" in part
    assert "1,234 parameters" in part
    assert "93.75\N{NO-BREAK SPACE}%" in part
    classes = model.output_shape[1]
    assert part.count("<li>") == classes
    assert f"Draw a digit, 0 to {classes - 1}, or several" in part
    height, width = model.input_shape[1:3]
    assert f"{width}{TIMES}{height}." in part
    assert check_self_contained(part, 200_000).passed
    data = re.search(r'<script type="application/json" id="draw-data">(.*?)</script>', part)[1]
    assert json.loads(data)["network"] == export_network(model)
    assert json.loads(data)["preparation"] == export_preparation()


def test_of_another_dataset_it_speaks_of_images_and_names(model):
    classes = model.output_shape[1]
    names = [f"kind {index} & more" for index in range(classes)]
    part = render(model, names=names, mnist=False)
    assert "digit" not in re.sub(r"<script.*?</script>|[\w-]*draw-digit", "", part, flags=re.DOTALL)
    assert part.count("kind 0 &amp; more") == 3 - (classes > 10)  # bar, example, and the hint
    assert "draw-named" in part


def test_data_cannot_end_its_script(model):
    network = export_network(model) | {"note": "</script><script>alert(1)</script>"}
    part = render_canvas(
        network,
        [],
        largest=1_000_000,
        name="small",
        parameters=1,
        test_accuracy=1.0,
        names=["</script>"],
        mnist=False,
        template="{{ data }}",
        script="",
    )
    assert "<" not in part
    assert json.loads(part)["network"]["note"] == network["note"]
    assert "</" not in SCRIPT
    assert "<!--" not in SCRIPT


def test_a_network_too_large_for_the_page_is_left_out_and_that_is_said(model):
    part = render(model, largest=10_000)
    assert "<script" not in part
    assert "<canvas" not in part
    assert "1,234 parameters" in part
    assert "at most 10,000 are allowed" in part


def test_a_template_cannot_ask_for_what_it_is_not_given(model):
    with pytest.raises(jinja2.UndefinedError, match="nothing"):
        render(model, template="{{ nothing }}")
