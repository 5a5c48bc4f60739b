"""The strip below an annotated picture: emotions as bars, affect on a plane, the last 20 s as a plot."""

from __future__ import annotations

from typing import TypeAlias

from live_sentiment.core.types import EMOTIONS, MODALITIES
from live_sentiment.export.moments import HISTORY_S, Moment
from live_sentiment.export.palette import DARK
from live_sentiment.export.pen import BOLD, Pen, Point, bgr, tinted
from live_sentiment.sinks.lines import Fields
from live_sentiment.terminal.theme import EMOTION_COLOURS, MODALITY_COLOURS, clock, signed

STRIP_UNITS = 8.6
"""Height of the strip."""

_GROUND, _TEXT, _QUIET, _RULE = DARK.ground, DARK.text, DARK.quiet, DARK.rule
_CURVES = (("arousal", DARK.arousal), ("valence", DARK.valence))
"""In the order in which they are drawn."""
_SMALL = 0.72
_BARS_UNITS, _PLANE_UNITS, _GAP_UNITS = 11.9, 6.2, 0.9

Place: TypeAlias = tuple[float, float, float, float]
"""Left, top, width, height in pixels."""


def draw_strip(pen: Pen, unit: float, place: Place, moment: Moment) -> None:
    """Draw the whole strip anew.

    Args:
        pen: on the whole annotated picture.
        unit: in pixels, what all sizes are made of.
        place: of the strip.
        moment: without a point, only what stays the same is drawn.
    """
    left, top, width, height = place
    pen.fill(left, top, width, height, bgr(_GROUND))
    inner, gap = top + unit * 0.35, unit * _GAP_UNITS
    room = height - unit * 0.8
    bars = (unit * 0.6, inner, unit * _BARS_UNITS, room)
    plane = (bars[0] + bars[2] + gap, inner, unit * _PLANE_UNITS, room)
    left = plane[0] + plane[2] + gap
    _bars(pen, unit, bars, moment.point)
    _plane(pen, unit, plane, moment.point)
    _plot(pen, unit, (left, inner, width - left - unit * 0.6, room), moment)


def _bars(pen: Pen, unit: float, place: Place, point: Fields | None) -> None:
    left, top, width, height = place
    row = height / len(EMOTIONS)
    size, name_width, figure_width = unit * 0.8, unit * 3.7, unit * 2.8
    track = width - name_width - figure_width
    for number, emotion in enumerate(EMOTIONS):
        part = point["emotions"][emotion] if point else 0.0
        leads = point is not None and point["emotion"] == emotion
        baseline = top + row * (number + 0.68)
        weight, colour = (BOLD, _TEXT) if leads else (400, _QUIET)
        pen.text(emotion, (left, baseline), size, colour, weight=weight)
        bar_top, bar_height = top + row * (number + 0.2), row * 0.6
        pen.fill(left + name_width, bar_top, track, bar_height, bgr(_RULE))
        pen.fill(left + name_width, bar_top, track * part, bar_height, bgr(EMOTION_COLOURS[emotion]))
        figure = f"{round(part * 100)} %" if point else "–"
        pen.text(figure, (left + width, baseline), size, colour, weight=weight, align="right")


def _plane(pen: Pen, unit: float, place: Place, point: Fields | None) -> None:
    """Valence to the right, arousal upwards; the ellipse is one standard deviation."""
    left, top, side, height = place
    pen.fill(left, top, side, side, tinted(_RULE, _GROUND, 0.45))
    middle = (left + side / 2, top + side / 2)
    pen.fill(left, middle[1], side, 1, bgr(_RULE))
    pen.fill(middle[0], top, 1, side, bgr(_RULE))
    small = unit * 0.58
    pen.text("excited", (middle[0], top + small * 1.1), small, _QUIET, align="middle")
    pen.text("calm", (middle[0], top + side - small * 0.45), small, _QUIET, align="middle")
    pen.text("−", (left + small * 0.3, middle[1] - small * 0.3), small, _QUIET)
    pen.text("+", (left + side - small * 0.3, middle[1] - small * 0.3), small, _QUIET, align="right")
    if point is not None:
        at = middle[0] + point["valence"] * side / 2, middle[1] - point["arousal"] * side / 2
        sd, colour = point["confidence"], EMOTION_COLOURS[point["emotion"]]
        radii = (
            min(sd["valence_sd"] * side / 2, _room(at[0], left, side)),
            min(sd["arousal_sd"] * side / 2, _room(at[1], top, side)),
        )
        pen.ellipse(at, radii, tinted(colour, _GROUND, 0.45))
        pen.dot(at, unit * 0.28, bgr(_TEXT))
    _shares(pen, unit, (left, top + side + unit * 0.25, side, height - side - unit * 0.25), point)


def _shares(pen: Pen, unit: float, place: Place, point: Fields | None) -> None:
    """What the result rests on: a bar of the modalities' shares; the name of an absent one is faint."""
    left, top, width, height = place
    size = unit * 0.62
    for number, modality in enumerate(MODALITIES):
        present = bool(point and modality in point["shares"])
        align = ("left", "middle", "right")[number]
        at = left + (0, width / 2, width)[number], top + height - unit * 0.02
        colour = MODALITY_COLOURS[modality] if present else DARK.faint
        pen.text(modality, at, size, colour, weight=BOLD if present else 400, align=align)
    bar_height = height - unit * 0.75
    pen.fill(left, top, width, bar_height, bgr(_RULE))
    begin = left
    for modality, share in (point["shares"] if point else {}).items():
        pen.fill(begin, top, width * share, bar_height, bgr(MODALITY_COLOURS[modality]))
        begin += width * share


def _plot(pen: Pen, unit: float, place: Place, moment: Moment) -> None:
    """Valence and arousal of the last seconds, now at the right; below, which emotion led."""
    left, top, width, height = place
    size = unit * _SMALL
    head, ribbon, foot = unit * 1.05, unit * 0.55, unit * 0.85
    chart_top, chart = top + head, height - head - ribbon - foot - unit * 0.15
    point, now_s = moment.point, moment.time_s if moment.point is None else moment.point["time"]
    _legend(pen, unit, (left, top + head * 0.7), point)
    pen.fill(left, chart_top, width, chart, tinted(_RULE, _GROUND, 0.45))
    for level in (-1, 0, 1):
        pen.fill(left, chart_top + chart * (1 - level) / 2 - (level < 0), width, 1, bgr(_RULE))

    shown = [line for line in moment.history if line["time"] >= now_s - HISTORY_S]
    across = [left + width * (1 - (now_s - line["time"]) / HISTORY_S) for line in shown]
    columns = [*zip(across, shown, strict=True)]
    for name, colour in _CURVES:
        # One standard deviation to both sides: along the upper edge, and back along the lower one.
        edges = [(x, line[name] + line["confidence"][f"{name}_sd"]) for x, line in columns]
        edges += [(x, line[name] - line["confidence"][f"{name}_sd"]) for x, line in reversed(columns)]
        pen.area([(x, _height(y, chart_top, chart)) for x, y in edges], tinted(colour, _GROUND, 0.28))
    for name, colour in _CURVES:
        curve = [(x, _height(line[name], chart_top, chart)) for x, line in columns]
        pen.line(curve, bgr(colour), max(round(unit * 0.1), 1))
    ribbon_top = chart_top + chart + unit * 0.15
    pen.fill(left, ribbon_top, width, ribbon, tinted(_RULE, _GROUND, 0.45))
    for begin, end, line in zip(across, across[1:], shown[1:], strict=False):
        pen.fill(begin, ribbon_top, end - begin, ribbon, bgr(EMOTION_COLOURS[line["emotion"]]))
    baseline = top + height - unit * 0.1
    pen.text(f"−{HISTORY_S:.0f} s", (left, baseline), size, _QUIET)
    pen.text(clock(max(now_s, 0.0)), (left + width, baseline), size, _TEXT, align="right")


def _legend(pen: Pen, unit: float, at: Point, point: Fields | None) -> None:
    left, size = at[0], unit * _SMALL
    for name, colour in reversed(_CURVES):
        left += pen.text(f"{name} ", (left, at[1]), size, colour, weight=BOLD)
        figure = signed(point[name]) if point else "–"
        left += unit * 0.3 + pen.text(figure, (left + unit * 0.3, at[1]), size, _TEXT) + unit * 0.9


def _height(value: float, top: float, height: float) -> float:
    """Where a value in [-1, 1] lies in a chart; one beyond it, on its edge."""
    return top + height * (1 - min(max(value, -1.0), 1.0)) / 2


def _room(at: float, begin: float, side: float) -> float:
    """How far it is to the nearer edge."""
    return max(min(at - begin, begin + side - at), 1.0)
