"""The order in which training sees its images, epoch by epoch.

Images that fit in memory are shuffled as a whole; more than that are read from their memory map in
chunks. Either way an epoch is a series of chunks, so that one training loop serves both.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK = 1024  # images read in one go: about 0.8 MB of MNIST, long enough to be sequential
ALIGNMENT = 64  # bytes; where memory must begin for TensorFlow to use it as it is


class Chunk(NamedTuple):
    """Part of an epoch.

    Attributes:
        images: uint8 (c, height, width); c is the same for all chunks.
        labels: uint8 (c,).
        order: int32 (m,), m <= c: the images of this chunk in the order of their use.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    order: NDArray[np.int32]


def whole_epoch(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], generator: np.random.Generator
) -> Iterator[Chunk]:
    """One chunk that is everything, in a random order."""
    yield Chunk(images, labels, generator.permutation(len(labels)).astype(np.int32))


def chunked_epoch(
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    indices: NDArray[np.int32],
    *,
    chunk_size: int,
    generator: np.random.Generator,
) -> Iterator[Chunk]:
    """The images at `indices`, each exactly once, without ever holding more than a chunk of them.

    Blocks of neighbouring images are drawn in a random order, and a chunk of blocks is shuffled as
    a whole: nearly as random as a full shuffle, while the file is read in long runs.

    Args:
        images: uint8 (n, height, width), usually a memory map.
        labels: uint8 (n,).
        indices: int32, the images to use.
        chunk_size: Images a chunk; the last chunk of an epoch may use fewer.
        generator: Source of the order.
    """
    chosen = np.zeros(len(images), np.bool_)  # a byte an image, where sorted indices would take 4
    chosen[indices] = True
    starts = BLOCK * generator.permutation(-(-len(images) // BLOCK))
    blocks = (start + np.flatnonzero(chosen[start : start + BLOCK]) for start in starts)
    chunk_images = shareable_zeros((chunk_size, *images.shape[1:]))
    chunk_labels = np.zeros(chunk_size, np.uint8)
    for rows in _joined(blocks, chunk_size):
        # Into the buffer at once: `images[rows]` would hold the chunk a second time.
        np.take(images, rows, axis=0, out=chunk_images[: len(rows)], mode="clip")
        chunk_labels[: len(rows)] = labels[rows]
        yield Chunk(chunk_images, chunk_labels, generator.permutation(len(rows)).astype(np.int32))


def _joined(blocks: Iterable[NDArray[np.int64]], size: int) -> Iterator[NDArray[np.int64]]:
    """Blocks one after the other, in pieces of `size`; the last one may be shorter."""
    held = np.empty(0, np.int64)
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) >= size:
            yield held[:size]
            held = held[size:]
    if len(held):
        yield held


def hold(images: NDArray[np.uint8], indices: NDArray[np.int32]) -> Any:
    """The images at `indices` as a tensor, without ever holding them twice."""
    held = shareable_zeros((len(indices), *images.shape[1:]))
    np.take(images, indices, axis=0, out=held, mode="clip")  # "raise" would buffer the result
    return as_tensor(held)


def shareable_zeros(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Zeros that `as_tensor` need not copy. They take up memory once they are written to."""
    size = math.prod(shape)
    memory = np.zeros(size + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size].reshape(shape)


def as_tensor(array: Any) -> Any:
    """An array as a tensor, of the same memory if it can be: not to be used once that changes.

    TensorFlow's own conversions copy an array, and copy the copy if that is not aligned.
    """
    import tensorflow as tf

    is_shareable = isinstance(array, np.ndarray) and array.flags.carray
    if not is_shareable or array.ctypes.data % ALIGNMENT:
        return tf.convert_to_tensor(array)
    shared = tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return tf.identity(shared)  # on a GPU if there is one
