"""Text and shapes on a picture, in sizes of the picture: OpenCV's own font, which knows most of Unicode."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import cv2
import numpy as np

from live_sentiment.core.types import ImageArray
from live_sentiment.terminal.printable import printable

Point: TypeAlias = tuple[float, float]
"""x and y in pixels, from the upper left."""

REGULAR, BOLD = 400, 650
_FRACTION_BITS = 4


@cache
def bgr(colour: str) -> tuple[int, int, int]:
    """A colour as "#rrggbb" in OpenCV's order."""
    return int(colour[5:7], 16), int(colour[3:5], 16), int(colour[1:3], 16)


@cache
def tinted(colour: str, ground: str, part: float) -> tuple[int, int, int]:
    """So much of a colour over a ground, as if it were translucent."""
    blue, green, red = (
        round(a * part + b * (1 - part)) for a, b in zip(bgr(colour), bgr(ground), strict=True)
    )
    return blue, green, red


class Pen:
    """Draws on an image, shape (height, width, 3), uint8, BGR. Coordinates may have fractions."""

    def __init__(self, image: ImageArray) -> None:
        self.image = image
        # The face keeps what it has rendered, and belongs to one thread.
        self._face: Any = cv2.FontFace("sans")

    def text(
        self,
        text: str,
        at: Point,
        size_px: float,
        colour: str,
        *,
        weight: int = REGULAR,
        align: str = "left",
    ) -> float:
        """Write one line whose baseline begins, has its middle or ends at `at`; give its width."""
        text = printable(text)
        size = max(round(size_px), 1)
        width = self.width(text, size_px, weight)
        left = at[0] - {"left": 0.0, "middle": width / 2, "right": width}[align]
        cv2.putText(self.image, text, (round(left), round(at[1])), bgr(colour), self._face, size, weight)
        return width

    def width(self, text: str, size_px: float, weight: int = REGULAR) -> float:
        """How wide a line is, in pixels."""
        box = cv2.getTextSize((0, 0), printable(text), (0, 0), self._face, max(round(size_px), 1), weight)
        return float(box[0] + box[2])

    def fitted(self, text: str, size_px: float, width_px: float, weight: int = REGULAR) -> str:
        """As much of a text as fits, with an ellipsis where something is left out."""
        if self.width(text, size_px, weight) <= width_px:
            return text
        kept = len(text)
        while kept and self.width(text[:kept] + "…", size_px, weight) > width_px:
            kept -= 1
        return text[:kept].rstrip() + "…"

    def fill(
        self, left: float, top: float, width: float, height: float, colour: tuple[int, int, int]
    ) -> None:
        """A filled rectangle on whole pixels."""
        first, last = (round(left), round(top)), (round(left + width), round(top + height))
        if last[0] > first[0] and last[1] > first[1]:
            cv2.rectangle(self.image, first, (last[0] - 1, last[1] - 1), colour, cv2.FILLED)

    def frame(self, left: float, top: float, width: float, height: float, colour: str, *, thick: int) -> None:
        """The outline of a rectangle, centred on its edges."""
        corners = (round(left), round(top)), (round(left + width), round(top + height))
        cv2.rectangle(self.image, *corners, bgr(colour), thick)

    def line(self, points: list[Point], colour: tuple[int, int, int], thick: int) -> None:
        """A smooth line through points."""
        if len(points) > 1:
            cv2.polylines(self.image, [_fixed(points)], False, colour, thick, cv2.LINE_AA, _FRACTION_BITS)

    def area(self, points: list[Point], colour: tuple[int, int, int]) -> None:
        """A filled polygon."""
        if len(points) > 2:
            cv2.fillPoly(self.image, [_fixed(points)], colour, cv2.LINE_AA, _FRACTION_BITS)

    def dot(self, at: Point, radius: float, colour: tuple[int, int, int]) -> None:
        """A filled circle."""
        centre = _fixed([at])[0]
        cv2.circle(
            self.image,
            (int(centre[0]), int(centre[1])),
            round(radius * (1 << _FRACTION_BITS)),
            colour,
            cv2.FILLED,
            cv2.LINE_AA,
            _FRACTION_BITS,
        )

    def ellipse(self, at: Point, radii: Point, colour: tuple[int, int, int]) -> None:
        """A filled ellipse, its axes upright."""
        centre, axes = _fixed([at])[0], _fixed([radii])[0]
        cv2.ellipse(
            self.image,
            (int(centre[0]), int(centre[1])),
            (max(int(axes[0]), 1), max(int(axes[1]), 1)),
            0,
            0,
            360,
            colour,
            cv2.FILLED,
            cv2.LINE_AA,
            _FRACTION_BITS,
        )


def _fixed(points: list[Point]) -> Any:
    return np.round(np.array(points) * (1 << _FRACTION_BITS)).astype(np.int32)
