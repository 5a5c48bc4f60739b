"""What a point says in one word: whether it rests on anything, its leading emotion and its polarity."""

from __future__ import annotations

from live_sentiment.core.types import EMOTIONS, POLARITIES, TimelinePoint


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
