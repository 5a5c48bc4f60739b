"""The last minute: valence as a curve, markers and events, emotions as a ribbon, what was there when."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.text import Text

from live_sentiment.core.types import MODALITIES, Event, Modality, TimelinePoint
from live_sentiment.runtime.snapshot import HISTORY_S, Snapshot
from live_sentiment.terminal.frame import cells
from live_sentiment.terminal.plot import curve, level
from live_sentiment.terminal.points import heard_of
from live_sentiment.terminal.theme import (
    ALERT,
    EMOTION_COLOURS,
    FRAME,
    MODALITY_COLOURS,
    POLARITY_COLOURS,
    QUIET,
    clock,
)

AXIS = 8
"""Cells left of the drawing, for its labels."""
UNDER_CURVE = 6
"""Rows below the curve: marks, ribbon, three modalities, time axis."""
MARKER, HAPPENED = "◆", "▵"
"""Stand where a marker was dropped, and where anything else is told."""
NOTHING = "·"
"""Stands where there was no evidence."""
CLEARLY = 0.1
"""Valence beyond this is drawn in the colour of its polarity."""
TICKS_S = 15
"""Time between two labels of the axis."""


def rolling(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    """`height` lines of `width` cells: finals bright, provisionals dim, gaps where there was no evidence."""
    columns = max(width - AXIS, 1)
    start_s, end_s = _stretch(snapshot)
    half_cells = _sampled(snapshot, start_s, end_s, columns * 2)
    ticks = half_cells[1::2]
    return [
        *_valence(half_cells, ticks, height - UNDER_CURVE),
        _marks(snapshot.events, start_s, end_s, columns),
        _ribbon(ticks),
        *(_presence(ticks, modality) for modality in MODALITIES),
        _time_axis(start_s, end_s, columns),
    ]


def _stretch(snapshot: Snapshot) -> tuple[float, float]:
    """A short source fits in as a whole; of a longer one, the last minute rolls."""
    begin_s = snapshot.start_s
    length_s = HISTORY_S if snapshot.duration_s is None else snapshot.duration_s - begin_s
    length_s = min(max(length_s, 1.0), HISTORY_S)
    newest_s = max(snapshot.latest.time_s if snapshot.latest else begin_s, begin_s + length_s)
    return newest_s - length_s, newest_s


def _sampled(snapshot: Snapshot, start_s: float, end_s: float, samples: int) -> list[TimelinePoint | None]:
    """For each of `samples` equal parts of the time the point that speaks for it: the next to end."""
    points = [p for p in (*snapshot.finals, *snapshot.provisionals) if p.time_s > start_s]
    result: list[TimelinePoint | None] = []
    at = 0
    for sample in range(samples):
        time_s = start_s + (end_s - start_s) * (sample + 0.5) / samples
        while at < len(points) and points[at].time_s < time_s:
            at += 1
        result.append(points[at] if at < len(points) else None)
    return result


def _valence(
    half_cells: Sequence[TimelinePoint | None], ticks: Sequence[TimelinePoint | None], height: int
) -> list[Text]:
    values = [p.affect.valence if p and heard_of(p) else None for p in half_cells]
    zero = level(0.0, height)
    labels = {0: "+1", zero: "0", height - 1: "−1"}
    lines = []
    for row, dots in enumerate(curve(values, height)):
        ground = ("┈" if row == zero else " ", FRAME)
        drawn = [
            ground if dot == " " else (dot, _curve_style(point))
            for dot, point in zip(dots, ticks, strict=True)
        ]
        lines.append(_labelled(labels.get(row, ""), drawn))
    return lines


def _curve_style(point: TimelinePoint | None) -> str:
    if point is None:
        return QUIET
    valence = point.affect.valence
    polarity = "positive" if valence > CLEARLY else "negative" if valence < -CLEARLY else "neutral"
    return f"{'bold' if point.final else QUIET} {POLARITY_COLOURS[polarity]}"


def _marks(events: Sequence[Event], start_s: float, end_s: float, columns: int) -> Text:
    """Where something happened; a marker hides other events of its moment."""
    drawn = [(" ", "")] * columns
    for event in sorted(events, key=lambda event: event.kind == "marker"):
        at = int((event.time_s - start_s) / (end_s - start_s) * columns)
        if start_s <= event.time_s and at < columns:
            drawn[at] = (MARKER, "bold") if event.kind == "marker" else (HAPPENED, ALERT)
    return _labelled("marks", drawn)


def _ribbon(ticks: Sequence[TimelinePoint | None]) -> Text:
    """Each stretch begins with an edge and the emotion's name, so that it can be read without colour."""
    drawn: list[tuple[str, str]] = []
    for emotion, stretch in groupby(ticks, _felt):
        points = list(stretch)
        if emotion not in EMOTION_COLOURS:
            drawn += [(emotion, QUIET)] * len(points)
            continue
        name = next(n for n in (f"{emotion} ", emotion[:3], emotion[0], "") if len(n) < max(len(points), 1))
        for letter, point in zip("▎" + name + "━" * len(points), points, strict=False):
            weight = "bold" if point and point.final else QUIET
            drawn.append((letter, f"{weight} {EMOTION_COLOURS[emotion]}"))
    return _labelled("emotion", drawn)


def _felt(point: TimelinePoint | None) -> str:
    """The emotion of a cell, a dot where there was no evidence, a space where there is no point."""
    if point is None:
        return " "
    return point.emotion if heard_of(point) else NOTHING


def _presence(ticks: Sequence[TimelinePoint | None], modality: Modality) -> Text:
    def mark(point: TimelinePoint | None) -> tuple[str, str]:
        if point is None:
            return " ", ""
        return ("▔", MODALITY_COLOURS[modality]) if point.presence[modality].present else (NOTHING, QUIET)

    return _labelled(modality, [mark(point) for point in ticks])


def _labelled(label: str, drawn: Sequence[tuple[str, str]]) -> Text:
    return cells([(label.rjust(AXIS - 1) + " ", QUIET), *drawn])


def _time_axis(start_s: float, end_s: float, columns: int) -> Text:
    axis = [" "] * columns
    step_s = TICKS_S if end_s - start_s > 2 * TICKS_S else 5
    first = int(-(-start_s // step_s))
    for tick in range(first, int(end_s // step_s) + 1):
        label = clock(tick * step_s)
        at = int((tick * step_s - start_s) / (end_s - start_s) * columns)
        if at + len(label) <= columns:
            axis[at : at + len(label)] = label
    return Text(" " * AXIS + "".join(axis), style=QUIET)
