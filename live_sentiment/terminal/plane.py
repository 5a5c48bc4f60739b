"""The plane of valence and arousal: where the person is, how sure that is, and which way they came."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rich.text import Text

from live_sentiment.core.types import Affect, TimelinePoint
from live_sentiment.terminal.frame import cells
from live_sentiment.terminal.plot import Dots
from live_sentiment.terminal.points import heard_of
from live_sentiment.terminal.theme import EMOTION_COLOURS, FRAME, QUIET

TRAIL_S = 12.0
"""The way of so long is drawn behind the point."""
HERE = "●"
OUTLINE = 64
"""Corners of the polygon that stands for the ellipse."""


def plane(points: Sequence[TimelinePoint], width: int, height: int) -> list[Text]:
    """`height` lines of `width` cells; the circumplex of Russell (1980), pleasant right and excited up.

    The last of the points is a dot, with an ellipse of one standard deviation around it; the others are its
    trail, broken where there was no evidence.
    """
    outline, trail = Dots(width, height), Dots(width, height)
    here: tuple[int, int] | None = None
    style = QUIET
    if points and heard_of(points[-1]):
        newest = points[-1]
        outline.join(_ellipse(newest.affect))
        for stretch in _unbroken(points, newest.time_s - TRAIL_S):
            trail.join([(p.affect.valence, p.affect.arousal) for p in stretch])
        here = trail.cell(newest.affect.valence, newest.affect.arousal)
        style = f"{'bold' if newest.final else QUIET} {EMOTION_COLOURS[newest.emotion]}"
    lines = []
    for row in range(height):
        drawn = []
        for column in range(width):
            if (column, row) == here:
                drawn.append((HERE, style.replace(QUIET, "bold")))
            elif (dots := trail.at(column, row)) is not None:
                drawn.append((dots, style))
            elif (dots := outline.at(column, row)) is not None:
                drawn.append((dots, QUIET))
            else:
                drawn.append((_axis(column, row, width, height), FRAME))
        lines.append(cells(drawn))
    return lines


def _ellipse(affect: Affect) -> list[tuple[float, float]]:
    turns = (2 * math.pi * corner / OUTLINE for corner in range(OUTLINE + 1))
    return [
        (
            affect.valence + affect.valence_sd * math.cos(turn),
            affect.arousal + affect.arousal_sd * math.sin(turn),
        )
        for turn in turns
    ]


def _unbroken(points: Iterable[TimelinePoint], after_s: float) -> list[list[TimelinePoint]]:
    """The stretches with evidence after a moment."""
    stretches: list[list[TimelinePoint]] = [[]]
    for point in points:
        if not heard_of(point):
            stretches.append([])
        elif point.time_s > after_s:
            stretches[-1].append(point)
    return [stretch for stretch in stretches if stretch]


def _axis(column: int, row: int, width: int, height: int) -> str:
    across, upright = row == height // 2, column == width // 2
    return "┼" if across and upright else "┈" if across else "┊" if upright else " "
