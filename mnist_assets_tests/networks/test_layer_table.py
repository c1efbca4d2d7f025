import pytest

from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.layer_table import layer_table, parameters_of
from mnist_assets.networks.model import build_network, count_parameters, count_training_operations
from mnist_assets_tests.evaluation.test_forward_pass import NORMALIZATION, PICTURES


def declared(layers):
    optimizer = {"kind": "adam", "learning_rate": 1}
    training = {"layers": layers, "optimizer": optimizer, "batch_size": 1, "epochs": 1, "seed": 0}
    return Training.model_validate(training).layers


def test_shapes_and_weights_of_a_small_convolutional_network_by_hand():
    layers = declared(
        [
            {"kind": "crop", "pixels": 2},  # 24 x 24
            {"kind": "convolution", "filters": 4, "size": 3},  # 22 x 22, (9 + 1) 4
            {"kind": "batch_normalization"},  # 4 x 4, half of them trained
            {"kind": "max_pooling", "size": 4},  # 5 x 5: two rows and columns fill no square
            {"kind": "depthwise_convolution", "size": 3, "stride": 2},  # 2 x 2, (9 + 1) 4
            {"kind": "dense", "units": 5},  # (16 + 1) 5
        ]
    )
    rows = layer_table(layers, (28, 28), 10)
    assert [row["output_shape"] for row in rows] == [
        *([28, 28, 1], [24, 24, 1], [22, 22, 4], [22, 22, 4], [5, 5, 4], [2, 2, 4], [16], [5]),
        [10],
    ]
    assert [row["parameters"] for row in rows] == [0, 0, 40, 16, 0, 40, 0, 85, 60]
    assert parameters_of(layers, (28, 28), 10) == {"total": 241, "trainable": 233}


@pytest.mark.parametrize("layers", PICTURES.values(), ids=PICTURES)
def test_shapes_and_weights_are_those_of_the_network_that_is_built(layers):
    layers = declared(layers)
    model = build_network(layers, NORMALIZATION, classes=5, seed=1, name="some")
    rows = layer_table(layers, (4, 3), 5)
    assert [row["output_shape"] for row in rows] == [
        list(layer.output.shape[1:]) for layer in model.layers
    ]
    assert count_parameters(model) == parameters_of(layers, (4, 3), 5)


def test_a_convolution_multiplies_at_every_place_of_its_output():
    layers = declared([{"kind": "convolution", "filters": 2, "size": 2}])  # 3 x 2 places
    model = build_network(layers, NORMALIZATION, classes=5, seed=1, name="some")
    convolution, dense = 3 * 2 * (2 * 2 * 2), 12 * 5
    assert count_training_operations(model) == 2 * (2 * convolution + 3 * dense)


def test_a_layer_that_leaves_nothing_of_the_picture_is_refused_with_its_place():
    layers = declared([{"kind": "crop", "pixels": 1}, {"kind": "max_pooling", "size": 3}])
    with pytest.raises(InputError) as refused:
        layer_table(layers, (4, 9), 5, "networks/some: layers")
    assert refused.value.where == "networks/some: layers[1]"
    assert "2 x 7" in refused.value.seen
