"""Drawings in braille characters: two dots across and four down in every cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of each dot by row and column (Unicode, Braille Patterns)."""


class Dots:
    """A plane of `width` × `height` cells over [-1, 1] × [-1, 1], rightwards and upwards, to be drawn on."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._cells = [[0] * width for _ in range(height)]

    def join(self, places: Iterable[tuple[float, float]]) -> None:
        """Draw a line through places; what lies outside is drawn at the edge."""
        dots = [(level(-x, self._width * 2), level(y, self._height * 4)) for x, y in places]
        for one, other in pairwise([*dots[:1], *dots]):
            self._line(one, other)

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Column and row of the cell in which a place lies."""
        return level(-x, self._width * 2) // 2, level(y, self._height * 4) // 4

    def at(self, column: int, row: int) -> str | None:
        """The character of a cell; None where nothing is drawn."""
        bits = self._cells[row][column]
        return chr(0x2800 + bits) if bits else None

    def _line(self, one: tuple[int, int], other: tuple[int, int]) -> None:
        across, down = other[0] - one[0], other[1] - one[1]
        steps = max(abs(across), abs(down), 1)
        for step in range(steps + 1):
            x, y = one[0] + round(across * step / steps), one[1] + round(down * step / steps)
            self._cells[y // 4][x // 2] |= _DOTS[y % 4][x % 2]


def curve(values: Sequence[float | None], height: int) -> list[str]:
    """Draw values in [-1, 1], two to a cell, as `height` rows of text; None leaves a gap.

    Neighbouring values are joined, so that a jump is a line. Cells without a dot are spaces.
    """
    width = (len(values) + 1) // 2
    cells = [[0] * width for _ in range(height)]
    before: int | None = None
    for x, value in enumerate(values):
        if value is None:
            before = None
            continue
        y = level(value, height * 4)
        for dot in _between(before, y):
            cells[dot // 4][x // 2] |= _DOTS[dot % 4][x % 2]
        before = y
    return ["".join(chr(0x2800 + bits) if bits else " " for bits in row) for row in cells]


def level(value: float, steps: int) -> int:
    """Which of `steps` levels, counted from the top, a value in [-1, 1] lies on."""
    return round((1 - min(max(value, -1.0), 1.0)) / 2 * (steps - 1))


def _between(before: int | None, y: int) -> range:
    if before is None or before == y:
        return range(y, y + 1)
    return range(before + 1, y + 1) if before < y else range(y, before)
