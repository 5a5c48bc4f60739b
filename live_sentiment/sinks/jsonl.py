"""The timeline as JSON Lines; docs/timeline.md explains it and timeline.schema.json checks it.

The file holds finals only and nothing of the clock on the wall: the same input gives the same bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from live_sentiment.sinks.file import PieceFile
from live_sentiment.timeline.episodes import Episode
from live_sentiment.timeline.timeline import Segment
from live_sentiment.types import (
    EMOTIONS,
    MODALITIES,
    POLARITIES,
    Event,
    FloatArray,
    Modality,
    Person,
    TimelinePoint,
    Transcript,
    Word,
)

SCHEMA = "live-sentiment/timeline"
VERSION = 1
"""Raised when a reader of the version before would misunderstand a file; new fields alone do not raise it."""

TIME_DECIMALS = 3
VALUE_DECIMALS = 4
PIXEL_DECIMALS = 1


class TimelineWriter:
    """Writes points, events, episodes and turning points, one line each, as they become final.

    Args:
        path: the file; one that is there is replaced.
        header: what the first line says of the session (source, models, settings); nothing that changes from
            run to run.

    Raises:
        UsageError: the file cannot be created.
        RunError: (from any method) the disk is full; what was written stays intact.
    """

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        self._file = PieceFile(path)
        self._last_s = 0.0
        self._counts = Counter[str]()
        self._write("header", {"schema": SCHEMA, "version": VERSION, **header})

    def point(self, point: TimelinePoint) -> None:
        """Write a final tick; provisional ones are passed over."""
        if point.final:
            self._last_s = point.time_s
            self._write("point", point_fields(point))

    def segment(self, segment: Segment) -> None:
        """Write an episode or a turning point."""
        if isinstance(segment, Episode):
            self._write(
                "episode",
                {
                    "start": _time(segment.start_s),
                    "end": _time(segment.end_s),
                    "emotion": segment.emotion,
                    "confidence": _value(segment.confidence),
                    "valence": _value(segment.valence),
                    "arousal": _value(segment.arousal),
                },
            )
        else:
            self._write(
                "turning_point",
                {
                    "time": _time(segment.time_s),
                    "kind": segment.kind,
                    "valence": _value(segment.valence),
                    "previous_valence": _value(segment.previous_valence),
                    "words": [_word(word) for word in segment.words],
                },
            )

    def event(self, event: Event) -> None:
        """Write an event."""
        self._write("event", {"time": _time(event.time_s), "kind": event.kind, "message": event.message})

    def words(self, transcript: Transcript) -> None:
        """Nothing: words are written with the point of their time."""

    def close(self, *, complete: bool) -> None:
        """Write the last line, which counts the lines before it, and close the file."""
        counts = {f"{name}s": self._counts[name] for name in ("point", "episode", "turning_point", "event")}
        self._write("end", {"time": _time(self._last_s), "complete": complete, **counts})
        self._file.close()

    def _write(self, kind: str, fields: Mapping[str, Any]) -> None:
        if self._file.closed:
            return
        line = json.dumps(
            {"type": kind, **fields}, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
        self._file.write(line + "\n", kept=f"everything up to {self._last_s:.2f} s")
        self._counts[kind] += 1


def point_fields(point: TimelinePoint) -> dict[str, Any]:
    """The fields of a point's line, all but its type."""
    affect = point.affect
    return {
        "time": _time(point.time_s),
        "emotion": point.emotion,
        "emotions": _named(EMOTIONS, affect.emotions),
        "polarity": _named(POLARITIES, affect.polarity),
        "valence": _value(affect.valence),
        "arousal": _value(affect.arousal),
        "confidence": {
            "emotion": _value(affect.emotions[EMOTIONS.index(point.emotion)]),
            "polarity": _value(affect.polarity.max()),
            "valence_sd": _value(affect.valence_sd),
            "arousal_sd": _value(affect.arousal_sd),
        },
        "shares": _present(affect.shares),
        "effects": _present(affect.effects),
        "presence": {
            modality: {"present": presence.present, "reason": presence.reason}
            for modality, presence in ((m, point.presence[m]) for m in MODALITIES)
        },
        "words": [_word(word) for word in point.words],
        "people": [_person(person) for person in point.people],
    }


def _word(word: Word) -> dict[str, Any]:
    return {
        "text": word.text,
        "start": _time(word.start_s),
        "end": _time(word.end_s),
        "probability": _value(word.probability),
    }


def _person(person: Person) -> dict[str, Any]:
    return {
        "person": person.person,
        "speaking": person.speaking,
        "box": [_rounded(side, PIXEL_DECIMALS) for side in person.box],
        "emotions": _named(EMOTIONS, person.emotions),
    }


def _present(values: Mapping[Modality, float]) -> dict[str, float]:
    return {modality: _value(values[modality]) for modality in MODALITIES if modality in values}


def _named(names: Iterable[str], values: FloatArray) -> dict[str, float]:
    return {name: _value(value) for name, value in zip(names, values.tolist(), strict=True)}


def _time(seconds: float) -> float:
    return _rounded(seconds, TIME_DECIMALS)


def _value(value: float) -> float:
    return _rounded(value, VALUE_DECIMALS)


def _rounded(value: float, decimals: int) -> float:
    # Adding zero turns -0.0 into 0.0.
    return round(float(value), decimals) + 0.0
