"""What is felt now, how sure that is, and which modality it rests on."""

from __future__ import annotations

from rich.text import Text

from live_sentiment.terminal.theme import (
    EMOTION_COLOURS,
    FRAME,
    MODALITY_COLOURS,
    POLARITY_COLOURS,
    QUIET,
    bar,
    percent,
    signed,
    slider,
)
from live_sentiment.types import EMOTIONS, MODALITIES, POLARITIES, Modality, TimelinePoint

LABEL = 9
"""Cells for the name of a row."""
FIGURE = 5
"""Cells for the figure at its end."""
ROWS = 1 + len(EMOTIONS) + 2 + len(MODALITIES)


def now(point: TimelinePoint | None, width: int, height: int, waiting: str) -> list[Text]:
    """Lines for `height` rows (at least ROWS) of `width` cells; `waiting` stands in for a missing point."""
    if point is None:
        return [Text(), Text(waiting, style=QUIET)]
    groups = [
        [_headline(point, width)],
        [_emotion(point, emotion, width) for emotion in EMOTIONS],
        [
            _dimension("valence", point.affect.valence, point.affect.valence_sd, width),
            _dimension("arousal", point.affect.arousal, point.affect.arousal_sd, width),
        ],
        [_modality(point, modality, width) for modality in MODALITIES],
    ]
    gap = [Text()] if height >= ROWS + len(groups) - 1 else []
    return [*groups[0], *(line for group in groups[1:] for line in gap + group)]


def confidence(point: TimelinePoint) -> float:
    """Probability of the leading emotion."""
    return float(point.affect.emotions[EMOTIONS.index(point.emotion)])


def polarity(point: TimelinePoint) -> tuple[str, float]:
    """The most probable polarity and its probability."""
    best = int(point.affect.polarity.argmax())
    return POLARITIES[best], float(point.affect.polarity[best])


def heard_of(point: TimelinePoint) -> bool:
    """Whether the point rests on any modality at all."""
    return any(presence.present for presence in point.presence.values())


def _headline(point: TimelinePoint, width: int) -> Text:
    if not heard_of(point):
        return Text("nobody seen or heard", style="italic")
    leaning, sure = polarity(point)
    left = Text.assemble(
        (point.emotion, f"bold {EMOTION_COLOURS[point.emotion]}"), f" {percent(confidence(point))}"
    )
    right = Text.assemble((leaning, f"bold {POLARITY_COLOURS[leaning]}"), f" {percent(sure)}")
    return Text.assemble(left, " " * max(width - left.cell_len - right.cell_len, 1), right)


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


def _dimension(name: str, value: float, sd: float, width: int) -> Text:
    figures = f"{signed(value)} ±{sd:.2f}".replace("0.", ".")
    return Text.assemble(
        name.ljust(LABEL), slider(value, sd, width - LABEL - len(figures) - 1), " ", (figures, QUIET)
    )


def _modality(point: TimelinePoint, modality: Modality, width: int) -> Text:
    presence = point.presence[modality]
    if not presence.present:
        text = Text.assemble(
            (modality.ljust(LABEL), QUIET), ("absent", "italic"), (f": {presence.reason}", QUIET)
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
