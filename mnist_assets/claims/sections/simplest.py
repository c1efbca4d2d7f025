"""What the notebook says of its own small network, and of the log that repeats its training."""

from __future__ import annotations

from collections import Counter
from functools import partial

from mnist_assets.claims import networks, sweeps
from mnist_assets.claims.claim import Evidence, Section, here, own, read_as
from mnist_assets.claims.graph import Graph
from mnist_assets.claims.notebook import GIVEN, SIMPLEST
from mnist_assets.claims.rules import (
    AT_LEAST,
    AT_MOST,
    BELOW,
    SameAs,
    Within,
    ahead,
    exceeds,
    written,
)

own_network = Section("Our network (simplest fully-connected network with accuracy >95%)")


@own_network.heading(
    "simplest fully-connected network with accuracy >95%", SIMPLEST.totals[0], "13,287 parameters"
)
@read_as("of the networks trained here, the one with fewest parameters above 95 %")
def simplest_over_95(graph: Graph) -> Evidence:
    how, compared = "all networks compared", graph.comparison
    reaching = compared[compared["validation_accuracy"] > 0.95]
    if reaching.empty:
        yield here(how, None, text="no network", detail=f"none of {len(compared)} exceeds 0.95")
        return
    smallest = reaching.nsmallest(1, "parameters").iloc[0]
    yield here(
        how,
        int(smallest["parameters"]),
        text=f"{smallest['parameters']:,}, of {smallest['network']}",
        detail=f"with {smallest['validation_accuracy']:.4f}; {len(compared)} networks were "
        "trained, and what a smaller one would reach was not tried",
    )


@own_network.text(
    "add hidden layers to our network but containing less neurons", 128, "fewer than 128"
)
@read_as("in each hidden layer that the given network has not")
def fewer_neurons(_: Graph) -> Evidence:
    given, small = GIVEN.hidden_widths, SIMPLEST.hidden_widths
    added = list((Counter(small) - Counter(given)).elements())
    text = f"{', '.join(map(str, added))} in what it adds"
    whole = f"{' + '.join(map(str, small))} = {sum(small)} neurons"
    detail = f"together, its hidden layers have {whole}, those of the given network {sum(given)}"
    yield own("its code", added, BELOW, text, detail)


compilation = Section("Compilation, optimization function and loss metric", "simplest")


@compilation.text(
    "At the same time, we lower our learning rate", GIVEN.optimizer.learning_rate, "below 0.05"
)
def lower_learning_rate(_: Graph) -> Evidence:
    yield own("its code", SIMPLEST.optimizer.learning_rate, BELOW)


summary = Section("Model summary", "simplest")
summary.output(
    "dense_136 (Dense) (None, 13) 10205 dense_137 (Dense) (None, 128) 1792 "
    "dense_138 (Dense) (None, 10) 1290",
    SIMPLEST.summary,
)(partial(networks.layers, "simplest"), "simplest-layers")
summary.output("Total params: 13,287", SIMPLEST.totals)(
    partial(networks.totals, "simplest"), "simplest-totals"
)

training = Section("Model training", "simplest")


@training.text("we chose to reduce the batch size in order to train faster", 1, "faster")
@read_as("time an image with batches of 32, in that of the given network with 128")
def smaller_batch_trains_faster(graph: Graph) -> Evidence:
    small, given = networks.time_an_image(SIMPLEST), networks.time_an_image(GIVEN)
    text = f"{small:.0f} µs an image instead of {given:.0f}"
    yield own("the times in its logs", small / given, BELOW, text)
    ratio = networks.epoch_seconds(graph, "simplest") / networks.epoch_seconds(graph, "given")
    yield here("median seconds of an epoch", ratio, BELOW, f"{ratio:.1f} times as long")


@training.text(
    "by doing this modification we pointed out that we got better results", "better", "better"
)
@read_as("a higher validation accuracy with batches of 32 than with the given network's 128")
def smaller_batch_better_results(graph: Graph) -> Evidence:
    sizes = (SIMPLEST.batch_size, GIVEN.batch_size)
    found = sweeps.paired(*(sweeps.reached(graph, "batch_size", "simplest", of) for of in sizes))
    how = "this network trained with both"
    yield here(how, [found], ahead, sweeps.in_points({"simplest": found}))


training.code("number_of_epochs = 10", SIMPLEST.epochs)(
    partial(networks.epochs, "simplest"), "simplest-epochs-in-code"
)
training.output("val_acc: 0.9495", SIMPLEST.real_epochs[-1].val_accuracy)(
    read_as("after epoch 8, the last whose validation columns are not those of training")(
        partial(networks.accuracy_after, 8, "simplest")
    ),
    "simplest-validation-accuracy-8",
)


@training.output(
    "loss: 0.1202 - acc: 0.9627 - val_loss: 0.1202 - val_acc: 0.9627", 0, "validation columns"
)
@read_as("no epoch repeats the training columns, digit for digit, as validation columns")
def simplest_log_from_epoch_9(_: Graph) -> Evidence:
    copies = [number for number, epoch in enumerate(SIMPLEST.log, start=1) if epoch.is_copy]
    told = f": {', '.join(map(str, copies))}" if copies else ""
    text = f"{len(copies)} of {len(SIMPLEST.log)} epochs{told}"
    yield own("its log", len(copies), text=text)


training.output("acc: 0.9688", SIMPLEST.log[-1].accuracy)(
    partial(networks.training_accuracy, "simplest"), "simplest-training-accuracy"
)


@training.output("val_acc: 0.9688", SIMPLEST.log[-1].val_accuracy)
@read_as("the highest validation accuracy in epochs that do not repeat the training columns")
def simplest_validation_accuracy(graph: Graph) -> Evidence:
    yield own("its log", networks.highest_logged("simplest"), Within(0.00005))
    share = networks.accuracy(graph, "simplest")
    yield here(networks.EVALUATION, share, SameAs(networks.VALIDATED))


@training.text("Now this model is able to reach 95%", 0.95)
@read_as("in an epoch whose validation columns are not those of training, to whole percent")
def reaches_95(graph: Graph) -> Evidence:
    highest = networks.highest_logged("simplest")
    yield own("its log", round(highest, 2), AT_LEAST, written(highest))
    yield here(networks.EVALUATION, networks.accuracy(graph, "simplest"), exceeds)


@training.text("about 1/10 of the parameters of the original model", 0.1, "1/10")
@read_as("within a fifth of that")
def tenth_of_the_parameters(graph: Graph) -> Evidence:
    ratio, text = _ratio(SIMPLEST.totals[0], GIVEN.totals[0])
    yield own("the summaries it prints", ratio, Within(0.02), text)
    ratio, text = _ratio(*_parameters(graph))
    yield here("parameters of both networks counted", ratio, Within(0.02), text)


@training.text("That is some big performance improvement", 0.5, "better")
@read_as("of what the sentence before it counts, at most half of the parameters for the 95 %")
def performance_improvement(graph: Graph) -> Evidence:
    ratio, text = _ratio(SIMPLEST.totals[0], GIVEN.totals[0])
    small, given = (network.real_epochs[-1].val_accuracy for network in (SIMPLEST, GIVEN))
    detail = f"its validation accuracy is {small:.4f} instead of {given:.4f}"
    yield own("the summaries it prints", ratio, AT_MOST, text, detail)
    ratio, text = _ratio(*_parameters(graph))
    small, given = (networks.accuracy(graph, name).rate for name in ("simplest", "given"))
    detail = f"its validation accuracy is {small:.4f} instead of {given:.4f}"
    yield here("parameters of both networks counted", ratio, AT_MOST, text, detail)


def _parameters(graph: Graph) -> tuple[int, int]:
    """All parameters of the small network, and of the given one."""
    return networks.parameters(graph, "simplest")[0], networks.parameters(graph, "given")[0]


def _ratio(few: int, many: int) -> tuple[float, str]:
    return few / many, f"{few / many:.3f}, one in {many / few:.1f}"
