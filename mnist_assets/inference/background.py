"""What of a picture is ink: how far each pixel is from the paper, which may be lit unevenly.

Flat paper, as of drawings and scans, has one grey level, the median of the border. Paper that is
photographed is estimated everywhere by a morphological closing, which fills what is darker and
narrower than its window (an opening, where the ink is lighter): Serra, Image Analysis and
Mathematical Morphology (1982). Printed lines are taken out by `ruling.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.inference.ruling import remove_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    Picture = NDArray[np.uint8]
    Levels = NDArray[np.float32]

NOISE = 5.0  # standard deviations of the paper's grey levels; no more is taken for noise
FLAT = 12.0  # grey levels by which the border of flat paper may differ, noise left out
STRETCH = 8  # of the border's length, one part: what its noise and ink are averaged over
MOSTLY = 0.6  # of the pixels
PAPER_SIDE = 128  # pixels of the longer side at which paper is estimated
WINDOW = 1 / 4  # of the longer side: wider than any stroke, narrower than a shadow
BLURRED = 0.35, 0.75  # of the ink's level: where the edge of a photographed stroke begins and ends
INKED = 0.995  # of the pixels: the ink is among the rest, even where there is little


def find_ink(picture: Picture) -> Picture:
    """Tell ink from paper.

    What differs from the paper is ink, lighter or darker, whichever is more.

    Args:
        picture: uint8 (height, width), light on dark or dark on light, whose border is mostly
            paper.

    Returns:
        uint8 (height, width): the difference from the paper in grey levels, 0 where there is no
        ink. Dark ink on unevenly lit paper is given in 255ths of the paper's own grey level, which
        is what does not change with the light.
    """
    border = _border(picture)
    if _is_flat(picture, border):
        return remove_lines(_on_flat_paper(picture, border))
    return _sharpen(remove_lines(_on_lit_paper(picture)))


def _border(picture: Picture) -> NDArray[np.int16]:
    """Go round the picture once."""
    levels = picture.astype(np.int16)
    sides = levels[0], levels[1:-1, -1], levels[-1, ::-1], levels[-2:0:-1, 0]
    return np.concatenate(sides)


def _is_flat(picture: Picture, border: NDArray[np.int16]) -> bool:
    """Tell whether the border has one grey level all round, or most of the picture has it."""
    length = len(border) // STRETCH
    if length < 2:
        return True
    stretches = border[: length * STRETCH].reshape(STRETCH, length)
    if float(np.ptp(np.median(stretches, axis=1))) <= FLAT:
        return True
    # A picture cut close to its digit has ink along the border, too.
    level = int(np.median(border))
    return float((np.abs(picture.astype(np.int16) - level) <= FLAT / 2).mean()) >= MOSTLY


def _on_flat_paper(picture: Picture, border: NDArray[np.int16]) -> Picture:
    background = int(np.median(border))
    difference = picture.astype(np.int16) - background
    difference[np.abs(difference) <= NOISE * _spread(border - background)] = 0
    if difference.sum(dtype=np.int64) < 0:
        difference = -difference
    return difference.clip(0, 255).astype(np.uint8)


def _on_lit_paper(picture: Picture) -> Picture:
    from PIL import Image as Pillow
    from PIL import ImageFilter, ImageOps

    smooth = Pillow.fromarray(picture).filter(ImageFilter.GaussianBlur(1))
    paper, dark = _estimate_paper(_reduced(smooth, PAPER_SIDE))
    levels = np.asarray(smooth if dark else ImageOps.invert(smooth)).astype(np.float32)
    size = picture.shape[1], picture.shape[0]
    everywhere = np.asarray(Pillow.fromarray(paper).resize(size, Pillow.Resampling.BILINEAR))
    difference = everywhere - levels
    # The closing follows the lightest pixels of noisy paper, not its middle.
    difference -= np.median(difference[::2, ::2])
    difference[difference <= NOISE * _spread(difference[::2, ::2])] = 0
    if dark:
        difference *= 255 / np.maximum(everywhere, 1)
    return difference.clip(0, 255).astype(np.uint8)


def _sharpen(ink: Picture) -> Picture:
    """Stretch grey levels so that neither blur nor what is much fainter than the ink is left."""
    level = ink_level(ink)
    bounds = [share * level for share in BLURRED]
    return np.interp(ink, bounds, (0, 255)).astype(np.uint8) if level else ink


def ink_level(ink: Picture) -> int:
    """Return the grey level of the darkest tenth of the ink: a few stray pixels do not set it."""
    weights = np.bincount(ink.reshape(-1), minlength=256) * np.arange(256)
    return int(np.searchsorted(weights.cumsum(), 0.9 * weights.sum()))


def _spread(deviations: NDArray[np.generic]) -> float:
    """Estimate the standard deviation of normal noise around 0, whatever ink there is."""
    return 1.4826 * float(np.median(np.abs(deviations)))


def _reduced(image: Image, side: int) -> Levels:
    """Average over areas, until the longer side is at most so many pixels."""
    from PIL import Image as Pillow

    scale = min(1.0, side / max(image.size))
    width, height = (max(1, round(scale * length)) for length in image.size)
    small = image.resize((width, height), Pillow.Resampling.BOX)
    return np.asarray(small).astype(np.float32)


def _estimate_paper(levels: Levels) -> tuple[Levels, bool]:
    """Estimate paper for dark ink and for light ink, and take whichever leaves the paper bare.

    Returns:
        The paper, and whether the ink is dark; where it is light, all levels are inverted.
    """
    candidates = []
    for dark in (True, False):
        polarised = levels if dark else 255 - levels
        paper = _close(polarised)
        difference = paper - polarised
        difference -= np.median(difference)
        standing_out = np.quantile(difference, INKED) / max(_spread(difference), 1.0)
        candidates.append((standing_out, dark, paper))
    _, dark, paper = max(candidates, key=lambda candidate: candidate[0])
    return paper, dark


def _close(levels: Levels) -> Levels:
    """Fill what is darker and narrower than the window."""
    from scipy import ndimage

    half = max(1, round(WINDOW * max(levels.shape) / 2))
    smooth = ndimage.uniform_filter(levels, 3)
    closed = ndimage.grey_closing(_extended(smooth, 2 * half), 2 * half + 1)
    inner = closed[2 * half : -2 * half, 2 * half : -2 * half]
    paper: Levels = ndimage.uniform_filter(inner, half)
    return paper


def _extended(levels: Levels, margin: int) -> Levels:
    """Continue a slope beyond the edges, where a mirrored one would turn round."""
    return np.pad(levels, margin, mode="reflect", reflect_type="odd")
