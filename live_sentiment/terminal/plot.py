"""A curve in braille characters: two dots across and four down in every cell."""

from __future__ import annotations

from collections.abc import Sequence

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of each dot by row and column (Unicode, Braille Patterns)."""


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
