"""Pictures as people make them, from MNIST's digits: seeded, so that each is the same every time.

Ink is float (height, width), 0 where the paper is bare to 1 where it is covered; `KINDS` makes
files of it.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Ink = NDArray[np.float64]
    Generator = np.random.Generator
    Kind = Callable[[Picture, Generator], bytes]


def encoded(image: Image.Image | Picture, kind: str = "PNG", **options: Any) -> bytes:
    """A picture as the bytes of a file."""
    buffer = BytesIO()
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


# --- ink ---


def enlarge(digit: Picture, scale: float) -> Ink:
    """The ink of an image, some times as large, with the edge of a pen rather than of pixels."""
    side = [round(scale * length) for length in digit.shape[::-1]]
    large = Image.fromarray(digit).resize((side[0], side[1]), Image.Resampling.BICUBIC)
    soft = np.asarray(large).astype(np.float64) / 255
    return ((soft - 0.5) * scale / 2 + 0.5).clip(0, 1)


def thin(inked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Strokes thinned to a line (Zhang and Suen, 1984)."""
    inked = np.pad(inked, 1)
    pixels, row = inked.reshape(-1), inked.shape[1]
    steps = np.array([-row, 1 - row, 1, row + 1, row, row - 1, -1, -row - 1])  # from above, around
    while True:
        before = pixels.sum()
        for first, second in (([0, 2, 4], [2, 4, 6]), ([0, 2, 6], [0, 4, 6])):
            places = np.flatnonzero(pixels)
            around = pixels[places[:, None] + steps]
            count = around.sum(axis=1)
            turns = (~around & np.roll(around, -1, axis=1)).sum(axis=1)
            free = ~around[:, first].all(axis=1) & ~around[:, second].all(axis=1)
            pixels[places[(count >= 2) & (count <= 6) & (turns == 1) & free]] = False
        if pixels.sum() == before:
            return inked[1:-1, 1:-1]


def redraw(digit: Picture, scale: float, pen: float) -> Ink:
    """The line of a digit drawn again with a round pen, as wide as so many of MNIST's pixels."""
    distance = ndimage.distance_transform_edt(~thin(enlarge(digit, scale) > 0.5))
    return (pen * scale / 2 + 0.5 - distance).clip(0, 1)


def place(ink: Ink, generator: Generator, room: float = 1.5) -> Ink:
    """Ink somewhere on a larger sheet."""
    shape = [round(length * generator.uniform(1.05, room)) for length in ink.shape]
    top, left = (
        int(generator.integers(r - side + 1)) for r, side in zip(shape, ink.shape, strict=True)
    )
    sheet = np.zeros(shape)
    sheet[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return sheet


def beside(inks: list[Ink], gap: int) -> Ink:
    """Ink side by side, from the first column inked to the last, with a gap between; may be < 0."""
    cuts = [ink[:, slice(*np.flatnonzero((ink > 0.5).any(axis=0))[[0, -1]])] for ink in inks]
    height = max(cut.shape[0] for cut in cuts)
    sheet = np.zeros((height, sum(cut.shape[1] for cut in cuts) + gap * (len(cuts) - 1)))
    left = 0
    for cut in cuts:
        there = sheet[: cut.shape[0], left : left + cut.shape[1]]
        np.maximum(there, cut, out=there)
        left += cut.shape[1] + gap
    return np.pad(sheet, 20)


# --- paper ---


def light(shape: tuple[int, ...], generator: Generator, low: float, high: float) -> Ink:
    """Grey levels of paper that is lit from one side."""
    y, x = (axis / max(shape) for axis in np.indices(shape))
    angle = generator.uniform(0, 2 * np.pi)
    slope = x * np.cos(angle) + y * np.sin(angle)
    return low + (high - low) * (slope - slope.min()) / np.ptp(slope)


def cast_shadow(paper: Ink, generator: Generator) -> Ink:
    """Paper with a shadow over one side of it, with a soft edge."""
    y, x = (axis / max(paper.shape) - 0.5 for axis in np.indices(paper.shape))
    angle = generator.uniform(0, 2 * np.pi)
    distance = x * np.cos(angle) + y * np.sin(angle) - generator.uniform(-0.3, 0.3)
    width = generator.uniform(0.01, 0.08)
    return paper * (1 - generator.uniform(0.3, 0.5) / (1 + np.exp(-distance / width)))


def rule(shape: tuple[int, ...], generator: Generator, *, squared: bool) -> Ink:
    """Printed lines, slightly turned: ink of 0 to about a half."""
    pitch, strength = generator.uniform(36, 60), generator.uniform(0.25, 0.5)
    width, turn = generator.uniform(1.2, 2.5), np.radians(generator.uniform(-2, 2))
    y, x = np.indices(shape)
    along = [y * np.cos(turn) + x * np.sin(turn), x * np.cos(turn) - y * np.sin(turn)]
    lines = np.zeros(shape)
    for axis in along[: 1 + squared]:
        offset = generator.uniform(0, pitch)
        distance = np.abs((axis + offset) % pitch - pitch / 2)
        lines = np.maximum(lines, (width / 2 + 0.5 - distance).clip(0, 1) * strength)
    return lines


def photograph(
    ink: Ink,
    generator: Generator,
    *,
    shadow: bool = False,
    lines: str = "",
    colour: tuple[float, float, float] | None = None,
) -> bytes:
    """A photograph of ink on paper: uneven light, noise, JPEG."""
    paper = light(ink.shape, generator, generator.uniform(100, 150), generator.uniform(200, 250))
    if shadow:
        paper = cast_shadow(paper, generator)
    reflected = generator.uniform(0.25, 0.5)
    covered = ink * (1 - reflected)
    if lines:
        covered = np.maximum(covered, rule(ink.shape, generator, squared=lines == "squared"))
    covered = ndimage.gaussian_filter(covered, generator.uniform(0.5, 1.2))
    levels = paper * (1 - covered)
    if colour:
        levels = paper[..., None] * (1 - covered[..., None] * (1 - np.array(colour)))
    noisy = levels + generator.normal(0, generator.uniform(2, 6), levels.shape)
    quality = int(generator.integers(60, 90))
    return encoded(noisy.clip(0, 255).astype(np.uint8), "JPEG", quality=quality)


# --- files ---


def grey(ink: Ink) -> Picture:
    """Black ink on white."""
    return (255 - 255 * ink).round().astype(np.uint8)


def _sheet(digit: Picture, generator: Generator) -> Ink:
    return place(enlarge(digit, generator.uniform(6, 12)), generator)


def _pen(digit: Picture, generator: Generator, low: float, high: float) -> Ink:
    return place(redraw(digit, generator.uniform(6, 12), generator.uniform(low, high)), generator)


def _corner(digit: Picture, generator: Generator) -> bytes:
    sheet = np.zeros((700, 900))
    ink = enlarge(digit, 4)
    sheet[20 : 20 + len(ink), 30 : 30 + ink.shape[1]] = ink
    return encoded(grey(sheet))


def _speck(digit: Picture, generator: Generator) -> bytes:
    ink = np.pad(_sheet(digit, generator), 30)
    ink[5:9, 5:9] = ink[-9:-5, 40:43] = 1
    return encoded(grey(ink))


def _turned(digit: Picture, generator: Generator) -> bytes:
    exif = Image.Exif()
    exif[0x112] = 6
    turned = np.rot90(grey(_sheet(digit, generator)))
    return encoded(np.ascontiguousarray(turned), "JPEG", exif=exif)


def _transparent(digit: Picture, generator: Generator, ink_level: int) -> bytes:
    alpha = (255 * _sheet(digit, generator)).round().astype(np.uint8)
    return encoded(Image.fromarray(np.stack([np.full_like(alpha, ink_level), alpha], -1), "LA"))


def _saved(kind: str, mode: str = "L", **options: Any) -> Kind:
    def make(digit: Picture, generator: Generator) -> bytes:
        image = Image.fromarray(grey(_sheet(digit, generator)))
        return encoded(image.convert(mode), kind, **options)

    return make


def _sixteen_bits(digit: Picture, generator: Generator) -> bytes:
    return encoded(grey(_sheet(digit, generator)).astype(np.uint16) * 257)


BLUE = (0.15, 0.25, 0.75)
KINDS: dict[str, Kind] = {
    "plain": lambda digit, g: encoded(255 - grey(_sheet(digit, g))),
    "dark on light": lambda digit, g: encoded(grey(_sheet(digit, g))),
    "palette": _saved("PNG", "P"),
    "1 bit": _saved("PNG", "1"),
    "16 bits": _sixteen_bits,
    "CMYK": _saved("JPEG", "CMYK"),
    "turned by EXIF": _turned,
    "small in a corner": _corner,
    "with a speck": _speck,
    "photograph": lambda digit, g: photograph(_sheet(digit, g), g),
    "in shadow": lambda digit, g: photograph(_sheet(digit, g), g, shadow=True),
    "thin pen, photograph": lambda digit, g: photograph(_pen(digit, g, 0.5, 1.1), g),
    "ruled paper": lambda digit, g: photograph(_sheet(digit, g), g, lines="ruled"),
    "squared paper": lambda digit, g: photograph(_sheet(digit, g), g, lines="squared"),
    "blue ink": lambda digit, g: photograph(_sheet(digit, g), g, colour=BLUE),
    "thin pen": lambda digit, g: encoded(grey(_pen(digit, g, 0.5, 1.1))),
    "thick pen": lambda digit, g: encoded(grey(_pen(digit, g, 4.0, 5.5))),
    "black on transparent": lambda digit, g: _transparent(digit, g, 0),
    "white on transparent": lambda digit, g: _transparent(digit, g, 255),
    "WebP": _saved("WEBP"),
    "GIF": _saved("GIF"),
    "TIFF": _saved("TIFF"),
    "BMP": _saved("BMP"),
}


# --- what is no digit ---

FONTS = ("DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "DejaVuSans-Bold", "DejaVuSerif-Italic")
LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZabdefghjkmnpqrtuwxy"  # without those that are digits' twins


def letter(generator: Generator, letters: str = LETTERS, side: int = 200) -> Picture:
    """A letter of a printed font, turned, slanted and bent: dark on light."""
    folder = f"{mpl.get_data_path()}/fonts/ttf"
    font = ImageFont.truetype(f"{folder}/{generator.choice(FONTS)}.ttf", side // 2)
    image = Image.new("L", (side, side))
    drawn = ImageDraw.Draw(image)
    drawn.text((side // 2, side // 2), str(generator.choice(list(letters))), 255, font, anchor="mm")
    turn, slant = np.radians(generator.normal(0, 7)), generator.normal(0, 0.15)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ np.array(
        [[1, 0], [slant, 1]]
    )
    bend = ndimage.gaussian_filter(generator.normal(0, 1, (2, side, side)), (0, 16, 16))
    bend *= side / 40 / np.abs(bend).max()
    middle = (side - 1) / 2
    y, x = np.indices((side, side)) - middle
    places = np.einsum("ij,jkl->ikl", matrix, np.stack([y, x])) + middle + bend
    bent = ndimage.map_coordinates(np.asarray(image).astype(np.float64), places, order=1)
    return (255 - bent.clip(0, 255)).astype(np.uint8)


def scribble(generator: Generator, side: int = 200) -> Picture:
    """A line that wanders about: dark on light."""
    points = generator.uniform(0.15 * side, 0.85 * side, (int(generator.integers(6, 11)), 2))
    image = Image.new("L", (side, side), 255)
    ImageDraw.Draw(image).line([tuple(point) for point in points.tolist()], 0, side // 20, "curve")
    return np.asarray(image)


def blot(generator: Generator, side: int = 200) -> Picture:
    """A filled shape without strokes: dark on light."""
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    waves = sum(
        generator.normal(0, 0.25 / k) * np.cos(k * turn + generator.uniform(0, 6))
        for k in (1, 2, 3)
    )
    radius = 0.25 * side * (1 + np.clip(waves, -0.6, 0.8))
    edge = side / 2 + np.stack([np.cos(turn), np.sin(turn)], -1) * radius[:, None]
    image = Image.new("L", (side, side), 255)
    ImageDraw.Draw(image).polygon([tuple(point) for point in edge.tolist()], 0)
    return np.asarray(image)


def noise(generator: Generator, side: int = 200) -> Picture:
    """Grey levels at random, coarse or fine."""
    blur = generator.uniform(0, 3)
    levels = ndimage.gaussian_filter(generator.normal(0, 1, (side, side)), blur)
    return (128 + 60 * levels / levels.std()).clip(0, 255).astype(np.uint8)
