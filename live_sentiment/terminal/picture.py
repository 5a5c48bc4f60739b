"""A small picture of the camera: two pixels to a cell, one above the other, with a box around each face."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.style import Style
from rich.text import Span, Text

from live_sentiment.core.types import ImageArray
from live_sentiment.runtime.snapshot import Picture, Snapshot
from live_sentiment.terminal.theme import EMOTION_COLOURS, QUIET

MOST_COLUMNS = 40
"""A larger picture tells no more of a face, and costs more than a dashboard should."""
SAMPLES = 3
"""Pixels of the camera read for one of the small picture, across and down: no more, whatever its size."""
LEVELS_BITS = 4
"""Bits kept of a colour's channels: neighbours that look alike become alike, and are sent as one."""
SHADES = " ░▒▓█"
"""From dark to bright, where there are no colours."""


def camera_picture(snapshot: Snapshot, width: int, height: int, *, colour: bool) -> list[Text]:
    """At most `height` lines of at most `width` cells, with the picture's own proportions.

    Args:
        snapshot: with the picture.
        width, height: cells, each twice as high as wide.
        colour: whether colours are shown; without them there are shades, for a dark ground.
    """
    if (why := _nothing(snapshot)) is not None or (picture := snapshot.picture) is None:
        return [Text(why or "no picture yet", style=QUIET)]
    columns, rows = fitted(picture, width, height)
    small = shrink(picture.image, columns, rows * 2)
    scale = columns / picture.image.shape[1], rows * 2 / picture.image.shape[0]
    boxes = [_scaled(box, scale, columns, rows * 2) for box in picture.boxes]
    return _in_colour(small, boxes, _box_colour(snapshot)) if colour else _in_shades(small, boxes)


def fitted(picture: Picture, width: int, height: int) -> tuple[int, int]:
    """Columns and rows of the largest small picture of these proportions that fits."""
    high, wide = picture.image.shape[:2]
    scale = min(min(width, MOST_COLUMNS) / wide, height * 2 / high)
    return max(round(wide * scale), 1), max(round(high * scale / 2), 1)


def shrink(image: ImageArray, width: int, height: int) -> ImageArray:
    """The mean of some pixels for each of `width` × `height`: as few for a large image as for a small one."""
    rows = _sampled(image.shape[0], height * SAMPLES)
    columns = _sampled(image.shape[1], width * SAMPLES)
    some = image[rows[:, None], columns].astype(np.uint16)
    means = some.reshape(height, SAMPLES, width, SAMPLES, 3).sum((1, 3)) // SAMPLES**2
    return np.asarray(means, np.uint8)


def _nothing(snapshot: Snapshot) -> str | None:
    """Why the newest picture is not that of this moment."""
    if snapshot.live is None:
        return None
    camera = next((device for device in snapshot.live.devices if device.device == "camera"), None)
    if camera is None:
        return "no camera"
    if camera.state == "lost":
        return "camera lost"
    return "paused" if snapshot.live.paused else None


def _sampled(length: int, count: int) -> NDArray[np.intp]:
    return ((np.arange(count) + 0.5) * length / count).astype(np.intp)


def _scaled(
    box: tuple[float, float, float, float], scale: tuple[float, float], width: int, height: int
) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a box in small pixels, inside the picture."""
    left, top, wide, high = box
    x, y = scale
    return (
        min(max(round(left * x), 0), width - 1),
        min(max(round(top * y), 0), height - 1),
        min(max(round((left + wide) * x), 0), width - 1),
        min(max(round((top + high) * y), 0), height - 1),
    )


def _box_colour(snapshot: Snapshot) -> tuple[int, int, int]:
    emotion = snapshot.latest.emotion if snapshot.latest is not None else "neutral"
    red, green, blue = Color.parse(EMOTION_COLOURS[emotion]).get_truecolor()
    return blue, green, red


def _in_colour(
    small: ImageArray, boxes: list[tuple[int, int, int, int]], box_colour: tuple[int, int, int]
) -> list[Text]:
    drop = 8 - LEVELS_BITS
    small = np.asarray((small >> drop << drop) + (1 << drop - 1), np.uint8)
    for left, top, right, bottom in boxes:
        small[top, left : right + 1] = small[bottom, left : right + 1] = box_colour
        small[top : bottom + 1, left] = small[top : bottom + 1, right] = box_colour
    packed = small.astype(np.uint32) @ np.array([1, 1 << 8, 1 << 16], np.uint32)
    return [_halves(upper, lower) for upper, lower in zip(packed[::2], packed[1::2], strict=True)]


def _halves(upper: NDArray[np.uint32], lower: NDArray[np.uint32]) -> Text:
    """A row of cells: the upper half block in the colour of the upper pixel, on the colour of the lower."""
    changes = np.flatnonzero((np.diff(upper) != 0) | (np.diff(lower) != 0)) + 1
    starts = [0, *changes.tolist()]
    ends = [*starts[1:], len(upper)]
    spans = [
        Span(start, end, _style(int(upper[start]), int(lower[start])))
        for start, end in zip(starts, ends, strict=True)
    ]
    return Text("▀" * len(upper), spans=spans)


@lru_cache(maxsize=4096)
def _style(upper: int, lower: int) -> Style:
    return Style(color=_colour(upper), bgcolor=_colour(lower))


@lru_cache(maxsize=1024)
def _colour(packed: int) -> Color:
    return Color.from_rgb(packed >> 16, packed >> 8 & 0xFF, packed & 0xFF)


def _in_shades(small: ImageArray, boxes: list[tuple[int, int, int, int]]) -> list[Text]:
    grey = small.reshape(len(small) // 2, 2, -1, 3).mean((1, 3))
    levels = (grey * len(SHADES) / 256).astype(int)
    rows = [[SHADES[level] for level in row] for row in levels.tolist()]
    for left, upper, right, lower in boxes:
        top, bottom = upper // 2, lower // 2
        for column in range(left, right + 1):
            rows[top][column] = rows[bottom][column] = "─"
        for row in range(top, bottom + 1):
            rows[row][left] = rows[row][right] = "│"
        rows[top][left], rows[top][right], rows[bottom][left], rows[bottom][right] = "┌┐└┘"
    return [Text("".join(row)) for row in rows]
