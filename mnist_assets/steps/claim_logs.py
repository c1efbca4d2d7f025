"""Measures of what the notebook's own code, formulas and training logs say of its networks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from statistics import median

from mnist_assets.networks.declaration import SGD
from mnist_assets.steps.claim_evidence import Evidence, Measure, Measured, written
from mnist_assets.steps.claim_networks import by_depth
from mnist_assets.steps.claim_records import (
    LoggedEpoch,
    PrintedNetwork,
    hidden_widths,
    images_evaluated,
    is_copy,
)
from mnist_assets.steps.claim_training import better, ratio_of_losses, rising, settled


def printed_widths(evidence: Evidence, network: str) -> Measured:
    """Widths in the printed summary, of the layers after the flattened input."""
    return Measured([width for width, _ in evidence.records.networks[network].summary[1:]])


def summed_parameters(evidence: Evidence, network: str) -> Measured:
    """All parameters, those trained and the others, summed from the printed layers.

    Those not trained are half of a batch normalisation's: moving mean and variance.
    """
    printed = evidence.records.networks[network]
    total = sum(parameters for _, parameters in printed.summary)
    inputs = [width for width, _ in printed.summary]
    moving = sum(
        parameters // 2
        for before, (width, parameters) in zip(inputs, printed.summary[1:], strict=False)
        if parameters == 4 * before == 4 * width
    )
    return Measured([total, total - moving, moving])


def printed_parameter_ratio(evidence: Evidence, network: str, other: str) -> Measured:
    """The printed parameters of a network in those of another."""
    few, many = (evidence.records.networks[name].totals[0] for name in (network, other))
    return Measured(few / many, f"{few / many:.3f}, one in {many / few:.1f}")


def hidden_neurons(evidence: Evidence, network: str) -> Measured:
    """The neurons of a network's hidden layers in the code."""
    widths = hidden_widths(evidence.records.networks[network])
    return Measured(sum(widths), f"{' + '.join(map(str, widths))} = {sum(widths)}")


def batch_size(evidence: Evidence, network: str) -> Measured:
    """The batch size in the code."""
    printed = evidence.records.networks[network]
    return Measured(printed.batch_size, detail=f"with {type(printed.optimizer).__name__}")


def optimizers(evidence: Evidence) -> Measured:
    """The optimiser of each network in the code."""
    return Measured([network.optimizer.kind for network in evidence.records.networks.values()])


def learning_rate(evidence: Evidence, network: str) -> Measured:
    """The learning rate in the code."""
    return Measured(evidence.records.networks[network].optimizer.learning_rate)


def tuned_learning_rates(evidence: Evidence, default: float) -> Measured:
    """How many networks with an adaptive optimiser have another learning rate than the default."""
    rates = [
        network.optimizer.learning_rate
        for network in evidence.records.networks.values()
        if not isinstance(network.optimizer, SGD)
    ]
    tuned = [rate for rate in rates if rate != default]
    return Measured(
        len(tuned), f"{len(tuned)} of {len(rates)}: {', '.join(map(written, tuned)) or 'none'}"
    )


def updates_by_batch_size(evidence: Evidence) -> Measured:
    """Whether smaller batches make more updates an epoch, for the notebook's batch sizes."""
    sizes = sorted({network.batch_size for network in evidence.records.networks.values()})
    images = sum(evidence.records.class_distribution.value) - images_evaluated(evidence.records)
    updates = [math.ceil(images / size) for size in sizes]
    return Measured(
        all(more > fewer for more, fewer in pairwise(updates)),
        ", ".join(f"{n:,} updates of {size}" for n, size in zip(updates, sizes, strict=True)),
    )


def logged_epochs(evidence: Evidence, network: str) -> Measured:
    """The epochs in a log."""
    return Measured(len(evidence.records.networks[network].log))


def copied_epochs(evidence: Evidence, network: str) -> Measured:
    """How many epochs of a log repeat the training columns as validation columns."""
    log = evidence.records.networks[network].log
    copies = [number for number, epoch in enumerate(log, start=1) if is_copy(epoch)]
    found = f"{len(copies)} of {len(log)} epochs"
    return Measured(len(copies), f"{found}: {', '.join(map(str, copies))}" if copies else found)


def logged_accuracy(evidence: Evidence, network: str) -> Measured:
    """The last validation accuracy in a log."""
    return Measured(evidence.records.networks[network].log[-1].val_accuracy)


def highest_logged_accuracy(evidence: Evidence, network: str) -> Measured:
    """The highest validation accuracy in a log, in epochs that do not repeat training columns."""
    real = real_epochs(evidence.records.networks[network])
    return Measured(max(epoch.val_accuracy for epoch in real))


def real_epochs(network: PrintedNetwork) -> list[LoggedEpoch]:
    """The epochs of a log whose validation columns are not those of training."""
    return [epoch for epoch in network.log if not is_copy(epoch)]


def highest_in_logs(evidence: Evidence, network: str) -> Measured:
    """Whether a network's highest validation accuracy is the highest of all logs."""
    highest = {
        name: highest_logged_accuracy(evidence, name).value for name in evidence.records.networks
    }
    others = [value for name, value in highest.items() if name != network]
    is_highest = all(highest[network] > other for other in others)
    return Measured(
        "higher" if is_highest else "lower",
        ", ".join(f"{name} {value:.4f}" for name, value in highest.items()),
    )


def logged_gain(evidence: Evidence, network: str, other: str) -> Measured:
    """A network's last validation accuracy less another's, in epochs that are no copies."""
    networks = evidence.records.networks
    here, there = (real_epochs(networks[name])[-1] for name in (network, other))
    apart = here.val_accuracy - there.val_accuracy
    return Measured(
        apart,
        written(round(apart, 4)),
        f"an image takes {_time(networks[network]):.0f} µs instead of {_time(networks[other]):.0f}",
    )


def logged_gain_of_depth(evidence: Evidence) -> Measured:
    """The last validation accuracy of the deepest network less that of the shallowest."""
    return logged_gain(evidence, *by_depth(evidence))


def logged_settling(evidence: Evidence, network: str) -> Measured:
    """How much of the second epoch's change of validation accuracy the last epoch still makes."""
    return settled([epoch.val_accuracy for epoch in evidence.records.networks[network].log])


def loss_against_accuracy(evidence: Evidence) -> Measured:
    """In how many epochs validation loss and accuracy rise together, or fall together."""
    found, steps = 0, 0
    for network in evidence.records.networks.values():
        for before, after in pairwise(real_epochs(network)):
            steps += 1
            loss, accuracy = (
                after.val_loss - before.val_loss,
                after.val_accuracy - before.val_accuracy,
            )
            found += loss * accuracy > 0
    return Measured(found, f"in {found} of {steps} epochs")


def logged_time_ratio(evidence: Evidence, network: str, other: str) -> Measured:
    """The median time an image takes in that of another network."""
    here, there = (_time(evidence.records.networks[name]) for name in (network, other))
    return Measured(here / there, f"{here:.0f} µs an image instead of {there:.0f}")


def logged_time_by_batch_size(evidence: Evidence) -> Measured:
    """Whether an image takes longer, the larger the batches are."""
    networks = evidence.records.networks.values()
    return rising({network.batch_size: _time(network) for network in networks})


def _time(network: PrintedNetwork) -> float:
    return float(median(epoch.microseconds for epoch in network.log))


def logged_validation_better(evidence: Evidence, network: str) -> Measured:
    """Whether validation is better than training in the last line of a log."""
    return better(evidence.records.networks[network].log[-1]._asdict())


def logged_loss_ratio(evidence: Evidence, network: str) -> Measured:
    """The validation loss in training losses, in the last line of a log."""
    return ratio_of_losses(evidence.records.networks[network].log[-1]._asdict())


def log_loss(evidence: Evidence, probability: float) -> Measured:
    """The cross-entropy of an image whose true class gets a probability."""
    del evidence
    return Measured(-math.log(probability), f"{-math.log(probability):z.4f}")


def loss_falls(evidence: Evidence, steep: list[float], flat: list[float]) -> Measured:
    """The fall of the loss between two low probabilities, in that between two high ones."""
    del evidence
    falls = [math.log(high / low) for low, high in (steep, flat)]
    return Measured(falls[0] / falls[1], f"by {falls[0]:.3f}, then by {falls[1]:.3f}")


MEASURES: Mapping[str, Measure] = {
    "printed_widths": Measure("the summary it prints", printed_widths),
    "summed_parameters": Measure("the summary it prints, summed", summed_parameters),
    "printed_parameter_ratio": Measure("the summaries it prints", printed_parameter_ratio),
    "hidden_neurons": Measure("its code", hidden_neurons),
    "batch_size": Measure("its code", batch_size),
    "optimizers": Measure("its code", optimizers),
    "learning_rate": Measure("its code", learning_rate),
    "tuned_learning_rates": Measure("its code", tuned_learning_rates),
    "updates_by_batch_size": Measure("updates of an epoch counted", updates_by_batch_size),
    "logged_epochs": Measure("its log", logged_epochs),
    "copied_epochs": Measure("its log", copied_epochs),
    "logged_accuracy": Measure("its log", logged_accuracy),
    "highest_logged_accuracy": Measure("its log", highest_logged_accuracy),
    "highest_in_logs": Measure("the highest figures in its logs", highest_in_logs),
    "logged_gain": Measure("its logs", logged_gain),
    "logged_gain_of_depth": Measure("its logs", logged_gain_of_depth),
    "logged_settling": Measure("its log", logged_settling),
    "loss_against_accuracy": Measure("its logs", loss_against_accuracy),
    "logged_time_ratio": Measure("the times in its logs", logged_time_ratio),
    "logged_time_by_batch_size": Measure("the times in its logs", logged_time_by_batch_size),
    "logged_validation_better": Measure("the last line of its log", logged_validation_better),
    "log_loss": Measure("the formula evaluated", log_loss),
    "loss_falls": Measure("the formula evaluated", loss_falls),
    "logged_loss_ratio": Measure("the last line of its log", logged_loss_ratio),
}
