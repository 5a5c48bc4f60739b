"""Colours, and how times and figures are written: one look for every panel."""

from __future__ import annotations

from collections.abc import Mapping

from live_sentiment.core.types import Event, Modality
from live_sentiment.terminal.printable import printable

EMOTION_COLOURS: Mapping[str, str] = {
    "neutral": "#808a94",
    "joy": "#b5830a",
    "sadness": "#4a86d8",
    "anger": "#e4572e",
    "fear": "#9a6fdc",
    "disgust": "#6a9430",
    "surprise": "#1f9a92",
}
"""Every colour here has a contrast of at least 3:1 against dark and against light ground, what WCAG 2 asks of
graphics and of large text; the terminal does not say which ground it has."""

POLARITY_COLOURS: Mapping[str, str] = {"negative": "#e4572e", "neutral": "#808a94", "positive": "#3f9a48"}

MODALITY_COLOURS: Mapping[Modality, str] = {"text": "#c46aa6", "voice": "#3a90b8", "vision": "#a8823f"}

FRAME = "#6b7480"
"""Borders and rules."""
QUIET = "dim"
"""What is known but not the matter: labels, units, anything provisional."""
ALERT = "bold #e4572e"
GOOD = "#3f9a48"
BUSY = "#3a90b8"


def bar(part: float, width: int) -> tuple[str, str]:
    """A horizontal bar of `width` cells, filled to `part` in [0, 1] in half cells; returns bar and track."""
    full, half = divmod(round(min(max(part, 0.0), 1.0) * width * 2), 2)
    return "━" * full + "╸" * half, "─" * (width - full - half)


def clock(time_s: float) -> str:
    """Minutes and seconds, with hours where there are any: 0:07, 1:02:03."""
    minutes, seconds = divmod(int(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def span(duration_s: float) -> str:
    """A duration for people: 7 s, 3 min 20 s, 1 h 05 min."""
    seconds = round(duration_s)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min"


def percent(part: float) -> str:
    """A part in [0, 1] as a percentage, four cells wide up to 99 %."""
    return f"{round(part * 100):>2} %"


def said(event: Event) -> str:
    """What an event tells, on one line; the note of a marker is told apart from the program's own words."""
    note = event.kind == "marker" and event.message != "marker"
    return f"{'marker: ' if note else ''}{printable(event.message)}"


def signed(value: float) -> str:
    """A value in [-1, 1] with its sign and two decimals."""
    return f"{value + 0.0:+.2f}".replace("-", "−")
