"""The items of the timeline as plain fields: named, rounded, in a fixed order.

Everything that leaves the program as data goes through here, so that files, streams and tables agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from live_sentiment.core.types import (
    EMOTIONS,
    MODALITIES,
    POLARITIES,
    Event,
    FloatArray,
    Modality,
    Person,
    TimelinePoint,
    Word,
)
from live_sentiment.timeline.episodes import Episode
from live_sentiment.timeline.timeline import Segment

TIME_DECIMALS = 3
VALUE_DECIMALS = 4
PIXEL_DECIMALS = 1


def point_fields(point: TimelinePoint) -> dict[str, Any]:
    """The fields of a point's line, with its type."""
    affect = point.affect
    return {
        "type": "point",
        "time": seconds(point.time_s),
        "emotion": point.emotion,
        "emotions": _named(EMOTIONS, affect.emotions),
        "polarity": _named(POLARITIES, affect.polarity),
        "valence": rounded(affect.valence),
        "arousal": rounded(affect.arousal),
        "confidence": {
            "emotion": rounded(affect.emotions[EMOTIONS.index(point.emotion)]),
            "polarity": rounded(affect.polarity.max()),
            "valence_sd": rounded(affect.valence_sd),
            "arousal_sd": rounded(affect.arousal_sd),
        },
        "shares": _present(affect.shares),
        "effects": _present(affect.effects),
        "presence": {
            modality: {"present": presence.present, "reason": presence.reason}
            for modality, presence in ((m, point.presence[m]) for m in MODALITIES)
        },
        "words": [word_fields(word) for word in point.words],
        "people": [_person(person) for person in point.people],
    }


def segment_fields(segment: Segment) -> dict[str, Any]:
    """The fields of an episode's or turning point's line, with its type."""
    if isinstance(segment, Episode):
        return {
            "type": "episode",
            "start": seconds(segment.start_s),
            "end": seconds(segment.end_s),
            "emotion": segment.emotion,
            "confidence": rounded(segment.confidence),
            "valence": rounded(segment.valence),
            "arousal": rounded(segment.arousal),
        }
    return {
        "type": "turning_point",
        "time": seconds(segment.time_s),
        "kind": segment.kind,
        "valence": rounded(segment.valence),
        "previous_valence": rounded(segment.previous_valence),
        "words": [word_fields(word) for word in segment.words],
    }


def event_fields(event: Event) -> dict[str, Any]:
    """The fields of an event's line, with its type."""
    return {"type": "event", "time": seconds(event.time_s), "kind": event.kind, "message": event.message}


def word_fields(word: Word) -> dict[str, Any]:
    """A word, as it stands in points and turning points."""
    return {
        "text": word.text,
        "start": seconds(word.start_s),
        "end": seconds(word.end_s),
        "probability": rounded(word.probability),
    }


def _person(person: Person) -> dict[str, Any]:
    return {
        "person": person.person,
        "speaking": person.speaking,
        "box": [_to(side, PIXEL_DECIMALS) for side in person.box],
        "emotions": _named(EMOTIONS, person.emotions),
    }


def _present(values: Mapping[Modality, float]) -> dict[str, float]:
    return {modality: rounded(values[modality]) for modality in MODALITIES if modality in values}


def _named(names: Iterable[str], values: FloatArray) -> dict[str, float]:
    return {name: rounded(value) for name, value in zip(names, values.tolist(), strict=True)}


def seconds(time_s: float) -> float:
    """A time or duration in seconds, to the millisecond."""
    return _to(time_s, TIME_DECIMALS)


def rounded(value: float) -> float:
    """A probability, valence or arousal, to four decimals."""
    return _to(value, VALUE_DECIMALS)


def _to(value: float, decimals: int) -> float:
    # Adding zero turns -0.0 into 0.0.
    return round(float(value), decimals) + 0.0
