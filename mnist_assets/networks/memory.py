"""Whether a declared network fits into this machine's memory, told before anything is built."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.layer_table import layer_table, parameters_of
from mnist_assets.networks.optimizers import SGD, RMSprop

if TYPE_CHECKING:
    from collections.abc import Sequence

FLOAT = 4  # bytes of a weight, a gradient, an activation
GIGABYTE = 1e9
# What a container may use: version 2 of control groups, then version 1.
CONTAINER_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def require_memory(
    where: str,
    training: Training,
    image_shape: tuple[int, ...],
    classes: int,
    available: int | None = None,
) -> None:
    """Refuse a network whose training cannot fit into memory.

    Args:
        where: What to call it.
        training: Its declaration.
        image_shape: (height, width).
        classes: Number of outputs.
        available: Bytes there are; those of this machine, or of its container, if None.

    Raises:
        InputError: It takes more, or a layer leaves nothing of the picture.
    """
    layer_table(training.layers, image_shape, classes, f"{where}: layers")
    if available is None:
        available = available_memory()
    needed = training_memory(training, image_shape, classes)
    if needed > available:
        total = parameters_of(training.layers, image_shape, classes)["total"]
        raise InputError(
            where,
            seen=f"{total:,} parameters, which take {needed / GIGABYTE:.1f} GB to train",
            expected=f"at most the {available / GIGABYTE:.1f} GB of memory that there are",
            remedy="Declare fewer units or a smaller batch_size in networks.yaml, or take a larger "
            "machine.",
        )


def training_memory(training: Training, image_shape: tuple[int, ...], classes: int) -> int:
    """Bytes that training takes at the least.

    That is every weight, its gradient and what the optimizer keeps beside it, and for each image of
    a batch the values of every layer with their gradients.
    """
    counted = parameters_of(training.layers, image_shape, classes)
    match training.optimizer:
        case SGD(momentum=momentum):
            kept = 1 if momentum else 0
        case RMSprop():
            kept = 1
        case _:  # Adam, AdamW and Nadam: the means of gradients and of their squares
            kept = 2
    rows = layer_table(training.layers, image_shape, classes)
    widths: list[int] = [math.prod(row["output_shape"]) for row in rows]
    values = 2 * training.batch_size * sum(widths[1:])
    return FLOAT * (counted["total"] + (1 + kept) * counted["trainable"] + values)


def available_memory(limits: Sequence[Path] = CONTAINER_LIMITS) -> int:
    """Bytes of this machine's memory, or of what its container may use, if that is less."""
    most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in limits:
        try:
            most = min(most, int(file.read_text()))
        except (OSError, ValueError):  # there is no such file, or no limit: "max"
            continue
    return most
