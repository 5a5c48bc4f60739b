"""What is felt now, how sure that is, where on the plane of valence and arousal, and what it rests on."""

from __future__ import annotations

from rich.text import Text

from live_sentiment.core.types import EMOTIONS, MODALITIES, Modality, TimelinePoint
from live_sentiment.runtime.snapshot import Snapshot
from live_sentiment.terminal.plane import plane
from live_sentiment.terminal.points import confidence, heard_of, polarity
from live_sentiment.terminal.printable import printable
from live_sentiment.terminal.theme import (
    EMOTION_COLOURS,
    FRAME,
    MODALITY_COLOURS,
    POLARITY_COLOURS,
    QUIET,
    bar,
    percent,
    signed,
)

LABEL = 9
"""Cells for the name of a row."""
FIGURE = 5
"""Cells for the figure at its end."""
ROWS = 1 + len(EMOTIONS) + 1 + len(MODALITIES)
"""The plane stands beside the emotions, and is as high."""
LEAST_BARS = 24
"""Width that the emotions keep beside it."""
LARGE, LARGEST = 11, 17
"""Rows of the plane where there is room for it below the emotions."""


def now(snapshot: Snapshot, width: int, height: int, waiting: str) -> list[Text]:
    """Lines for `height` rows (at least ROWS) of `width` cells; `waiting` stands in for a missing point."""
    point = snapshot.latest
    if point is None:
        return [Text(), Text(waiting, style=QUIET)]
    points = (*snapshot.finals, *snapshot.provisionals)
    spare = height - ROWS - 3
    # Cells are twice as high as wide, and an odd number of them has a middle.
    if spare >= LARGE:
        high = min(spare - 1, LARGEST - 1) | 1
        wide = min(high * 2 + 1, width)
        drawing = [Text(" " * ((width - wide) // 2)) + line for line in plane(points, wide, high)]
        feelings = [*_emotions(point, width), *drawing]
    else:
        high = min(len(EMOTIONS) + max(spare, 0), (width - LEAST_BARS - 2) // 2) - 1 | 1
        bars = _emotions(point, width - high * 2 - 2)
        bars += [Text(" " * bars[0].cell_len)] * (high - len(bars))
        drawing = plane(points, high * 2 + 1, high)
        feelings = [Text.assemble(one, " ", other) for one, other in zip(bars, drawing, strict=True)]
    groups = [
        [_headline(point, width)],
        feelings,
        [_place(point)],
        [_modality(point, modality, width) for modality in MODALITIES],
    ]
    gap = [Text()] if spare >= 0 else []
    return [*groups[0], *(line for group in groups[1:] for line in gap + group)]


def _headline(point: TimelinePoint, width: int) -> Text:
    if not heard_of(point):
        return Text("nobody seen or heard", style="italic")
    leaning, sure = polarity(point)
    left = Text.assemble(
        (point.emotion, f"bold {EMOTION_COLOURS[point.emotion]}"), f" {percent(confidence(point))}"
    )
    right = Text.assemble((leaning, f"bold {POLARITY_COLOURS[leaning]}"), f" {percent(sure)}")
    return Text.assemble(left, " " * max(width - left.cell_len - right.cell_len, 1), right)


def _emotions(point: TimelinePoint, width: int) -> list[Text]:
    return [_emotion(point, emotion, width) for emotion in EMOTIONS]


def _emotion(point: TimelinePoint, emotion: str, width: int) -> Text:
    probability = float(point.affect.emotions[EMOTIONS.index(emotion)])
    leads = emotion == point.emotion and heard_of(point)
    return Text.assemble(
        (emotion.ljust(LABEL), "bold" if leads else ""),
        *_bar(probability, width - LABEL - FIGURE, EMOTION_COLOURS[emotion] if heard_of(point) else QUIET),
        (percent(probability).rjust(FIGURE), "bold" if leads else QUIET),
    )


def _bar(part: float, width: int, style: str) -> tuple[tuple[str, str], tuple[str, str]]:
    full, track = bar(part, width)
    return (full, style), (track, FRAME)


def _place(point: TimelinePoint) -> Text:
    """The figures of the plane: its two axes, with a standard deviation each."""
    affect = point.affect

    def figures(value: float, sd: float) -> str:
        return f"{signed(value)} ±{sd:.2f}".replace("0.", ".") if heard_of(point) else "–"

    return Text.assemble(
        ("valence ↔ ", QUIET),
        figures(affect.valence, affect.valence_sd),
        ("  arousal ↕ ", QUIET),
        figures(affect.arousal, affect.arousal_sd),
    )


def _modality(point: TimelinePoint, modality: Modality, width: int) -> Text:
    presence = point.presence[modality]
    if not presence.present:
        text = Text.assemble(
            (modality.ljust(LABEL), QUIET),
            ("absent", "italic"),
            (f": {printable(presence.reason or 'unknown')}", QUIET),
        )
        text.truncate(width, overflow="ellipsis")
        return text
    share, effect = point.affect.shares.get(modality, 0.0), point.affect.effects.get(modality, 0.0)
    points = f"{effect * 100:+.0f} ".replace("-", "−").rjust(5)
    return Text.assemble(
        modality.ljust(LABEL),
        *_bar(share, width - LABEL - FIGURE - len(points), MODALITY_COLOURS[modality]),
        (points, QUIET),
        percent(share).rjust(FIGURE),
    )
