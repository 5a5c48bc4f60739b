"""Plots as inline SVG, coloured by the page's own style so that they hold in light and in dark.

Each is an image to a screen reader, with what it shows in words; the numbers stand in a table beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from live_sentiment.training.evaluation.classes import Bin
from live_sentiment.training.evaluation.intervals import Estimate

SIDE = 300
"""Of the reliability plot's square, in its own units."""
LEFT, TOP, BOTTOM = 46, 10, 40
COUNTS = 54
"""Height of the histogram below it."""

ROW = 30
"""Height of a line of the interval plot."""
NAMES, PLOT, VALUES = 190, 380, 150
"""Widths of its names, its plot and its values."""


def reliability_plot(bins: Sequence[Bin], name: str) -> Markup:
    """Accuracy over confidence, with the line on which a calibrated model lies, and how many samples each
    bin has."""
    total = sum(one.samples for one in bins)
    most = max((one.samples for one in bins), default=1) or 1
    width, height = LEFT + SIDE + 26, TOP + SIDE + 12 + COUNTS + BOTTOM
    base = TOP + SIDE + 12 + COUNTS
    parts = [_rect("frame", LEFT, TOP, SIDE, SIDE)]
    for tick in (0, 0.25, 0.5, 0.75, 1):
        across, up = LEFT + SIDE * tick, TOP + SIDE * (1 - tick)
        parts += [
            _line("grid", LEFT, up, LEFT + SIDE, up),
            _text(f"{tick:.0%}", LEFT - 6, up + 4, "end"),
            _text(f"{tick:.0%}", across, base + 16, "middle"),
        ]
    for one in bins:
        if one.samples:
            left, wide = LEFT + SIDE * one.low, SIDE * (one.high - one.low)
            tall, deep = SIDE * one.accuracy, COUNTS * one.samples / most
            parts.append(_rect("said", left + 1, TOP + SIDE - tall, wide - 2, tall))
            parts.append(_rect("count", left + 1, base - deep, wide - 2, deep))
    parts.append(_line("ideal", LEFT, TOP + SIDE, LEFT + SIDE, TOP))
    for one in bins:
        if one.samples:
            x, y = LEFT + SIDE * one.confidence, TOP + SIDE * (1 - one.accuracy)
            parts.append(_line("gap", x, TOP + SIDE * (1 - one.confidence), x, y))
            parts.append(f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
    parts.append(_text("confidence of the leading class", LEFT + SIDE / 2, base + 34, "middle"))
    label = f"Reliability of {name}, {total} samples: how often the leading class is right, by its confidence"
    return _svg(width, height, label, parts)


def interval_plot(rows: Sequence[tuple[str, Estimate]], label: str, *, decimals: int = 3) -> Markup:
    """A point and its interval on each line, all on one axis."""
    known = [value for _, one in rows for value in (one.low, one.value, one.high) if math.isfinite(value)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    margin = max((high - low) * 0.08, 1e-3)
    low, high = low - margin, high + margin

    def place(value: float) -> float:
        return NAMES + PLOT * (value - low) / (high - low)

    bottom = ROW * len(rows)
    parts = []
    for tick in _ticks(low, high):
        parts += [
            _line("grid", place(tick), 0, place(tick), bottom),
            _text(f"{tick:.{decimals - 1}f}", place(tick), bottom + 16, "middle"),
        ]
    for number, (name, one) in enumerate(rows):
        y = ROW * (number + 0.5)
        parts.append(_text(name, NAMES - 12, y + 4, "end"))
        if math.isfinite(one.low):
            parts.append(_line("interval", place(one.low), y, place(one.high), y))
        if math.isfinite(one.value):
            parts.append(f'<circle class="point" cx="{place(one.value):.1f}" cy="{y:.1f}" r="5"/>')
        parts.append(_text(f"{one.value:.{decimals}f}", NAMES + PLOT + 14, y + 4, "start"))
    return _svg(NAMES + PLOT + VALUES, bottom + 24, label, parts)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between two others, about five of them."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(low / step)
    return [step * number for number in range(first, math.floor(high / step) + 1)]


def _svg(width: float, height: float, label: str, parts: Sequence[str]) -> Markup:
    body = "".join(parts)
    return Markup(
        f'<svg class="chart" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="{escape(label)}">{body}</svg>'
    )


def _rect(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(text: str, x: float, y: float, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
