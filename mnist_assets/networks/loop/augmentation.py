"""Training images changed at random: shifted, turned, scaled, sheared, distorted elastically.

All of it is one map from each new pixel to the place in the old picture that it is taken from, so
that a picture is interpolated once. It is compiled, and works on uint8 images a block at a time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mnist_assets.networks.augmentation import Augmentation

BLOCK = 2_000  # images at a time: what is drawn for them takes 13 MB of 28 x 28 pixels


def augment(
    images: NDArray[np.uint8],
    augmentation: Augmentation,
    generator: np.random.Generator,
    out: NDArray[np.uint8],
) -> None:
    """Change each image at random; what comes from beyond its edges is black.

    Args:
        images: uint8 (n, height, width).
        augmentation: How far, at most; each is drawn uniformly.
        generator: Source of what is drawn.
        out: Where the changed images go, like `images`.
    """
    import tensorflow as tf

    warp = _compiled(augmentation, images.shape[1], images.shape[2])
    for at in range(0, len(images), BLOCK):
        block = images[at : at + BLOCK]
        # All blocks have one size: another would be compiled anew.
        pixels = np.zeros((BLOCK, *images.shape[1:]), np.uint8)
        pixels[: len(block)] = block
        matrices, shifts = draw_maps(augmentation, BLOCK, generator)
        noise: tuple[NDArray[np.float32], ...] = ()
        if augmentation.elastic:
            noise = (2 * generator.random((BLOCK, *images.shape[1:], 2), np.float32) - 1,)
        drawn = map(tf.constant, (pixels, matrices, shifts, *noise))
        out[at : at + BLOCK] = warp(*drawn).numpy()[: len(block)]


def draw_maps(
    augmentation: Augmentation, count: int, generator: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw the affine maps from places in new pictures to places in the old ones.

    Returns:
        Matrices, float32 (count, 2, 2), and shifts, float32 (count, 2), both for (row, column) from
        the middle of the picture, in pixels.
    """

    def draw(most: float, *shape: int) -> NDArray[np.float64]:
        return generator.uniform(-most, most, (count, *shape))

    angle, slant = (
        np.deg2rad(draw(augmentation.rotate)),
        np.tan(np.deg2rad(draw(augmentation.shear))),
    )
    factors = 1 + draw(augmentation.scale, 2)
    turned = np.empty((count, 2, 2))
    turned[:, 0, 0] = turned[:, 1, 1] = np.cos(angle)
    turned[:, 0, 1], turned[:, 1, 0] = -np.sin(angle), np.sin(angle)
    sheared = np.tile(np.eye(2), (count, 1, 1))
    sheared[:, 1, 0] = slant
    matrices = turned @ sheared / factors[:, None, :]
    return matrices.astype(np.float32), draw(augmentation.shift, 2).astype(np.float32)


@lru_cache(maxsize=8)
def _compiled(augmentation: Augmentation, height: int, width: int) -> Callable[..., Any]:
    """The compiled program that warps blocks of pictures of one size."""
    import tensorflow as tf

    middle = np.array([height - 1, width - 1], np.float32) / 2
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    places = np.stack([rows, columns], axis=-1).reshape(-1, 2) - middle

    def warp(pixels: Any, matrices: Any, shifts: Any, noise: Any = None) -> Any:
        sources = tf.einsum("nij,pj->npi", matrices, places) + (shifts[:, None] + middle)
        if augmentation.elastic and noise is not None:
            down, across = (
                _gaussian(size, augmentation.elastic.smoothness) for size in (height, width)
            )
            smoothed = tf.einsum("ij,njkc,lk->nilc", down, noise, across)
            sources += augmentation.elastic.strength * tf.reshape(smoothed, (-1, height * width, 2))
        taken = _interpolate(pixels, sources, height, width)
        return tf.cast(tf.round(tf.reshape(taken, (-1, height, width))), tf.uint8)

    compiled: Callable[..., Any] = tf.function(warp, jit_compile=True, autograph=False)
    return compiled


def _gaussian(size: int, deviation: float) -> NDArray[np.float32]:
    """The matrix that smooths `size` values in a row with a Gaussian, nothing beyond its ends."""
    from scipy.ndimage import gaussian_filter1d

    smoothed = gaussian_filter1d(np.eye(size), deviation, axis=0, mode="constant")
    return np.asarray(smoothed, np.float32)


def _interpolate(pixels: Any, sources: Any, height: int, width: int) -> Any:
    """Grey levels at places between pixels, bilinearly: float32 (n, places)."""
    import tensorflow as tf

    below = tf.floor(sources)
    share = sources - below
    corner = tf.cast(below, tf.int32)
    # A black frame: places beyond the picture are moved onto it.
    framed = tf.reshape(tf.pad(pixels, [[0, 0], [1, 1], [1, 1]]), (-1, (height + 2) * (width + 2)))
    total = 0.0
    for down in (0, 1):
        row = tf.clip_by_value(corner[..., 0] + 1 + down, 0, height + 1)
        row_share = share[..., 0] if down else 1 - share[..., 0]
        for across in (0, 1):
            column = tf.clip_by_value(corner[..., 1] + 1 + across, 0, width + 1)
            column_share = share[..., 1] if across else 1 - share[..., 1]
            level = tf.gather(framed, row * (width + 2) + column, batch_dims=1)
            total += row_share * column_share * tf.cast(level, tf.float32)
    return total
