"""What a session comes to, from its timeline alone: times, means, and what was missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from live_sentiment.sinks.reader import RecordedTimeline
from live_sentiment.types import EMOTIONS, MODALITIES, Modality

PAUSE_S = 0.8
"""Silence between two words that still counts as talking; captions end a cue at the same pause."""

Fields = Mapping[str, Any]
"""One line of the timeline; docs/timeline.md explains the fields."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a modality was missing."""

    modality: Modality
    start_s: float
    end_s: float
    reason: str

    @property
    def length_s(self) -> float:
        """How long it lasted."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Facts:
    """The figures of the summary."""

    duration_s: float
    """Time of the last point."""
    complete: bool
    """Whether the session came to its end."""
    emotion_s: Mapping[str, float]
    """Time in episodes of each emotion, the longest first; emotions without any are left out."""
    undecided_s: float
    """Time in no episode: nobody was seen or heard, or the writer was killed before an episode was closed."""
    valence: float | None
    """Mean over the points that rest on any modality, in [-1, 1]; None without such a point."""
    arousal: float | None
    talking_s: float
    """Time that recognised words cover, pauses up to PAUSE_S included."""
    words: int
    present_s: Mapping[Modality, float]
    """Time for which each modality was part of the result."""
    absences: tuple[Stretch, ...]
    """When each was missing, in time order."""


def facts_of(timeline: RecordedTimeline) -> Facts:
    """Sum up a timeline; one without points has a duration of 0."""
    points = timeline.points
    duration_s = float(points[-1]["time"]) if points else 0.0
    emotion_s = _emotion_s(timeline.of("episode"))
    with_evidence = [point for point in points if point["shares"]]
    words = [word for point in points for word in point["words"]]
    absences = absences_of(points)
    missing: dict[Modality, float] = dict.fromkeys(MODALITIES, 0.0)
    for stretch in absences:
        missing[stretch.modality] += stretch.length_s
    return Facts(
        duration_s=duration_s,
        complete=bool(timeline.end and timeline.end["complete"]),
        emotion_s=emotion_s,
        undecided_s=max(duration_s - sum(emotion_s.values()), 0.0),
        valence=_mean(point["valence"] for point in with_evidence),
        arousal=_mean(point["arousal"] for point in with_evidence),
        talking_s=_talking_s(words),
        words=len(words),
        present_s={modality: max(duration_s - missing[modality], 0.0) for modality in MODALITIES},
        absences=absences,
    )


def absences_of(points: Sequence[Fields]) -> tuple[Stretch, ...]:
    """When and why modalities were missing. A point speaks of the time since the one before it."""
    stretches = []
    starts = [0.0, *(float(point["time"]) for point in points)]
    for modality in MODALITIES:
        runs = groupby(enumerate(points), key=lambda at: _reason(at[1], modality))
        for reason, run in runs:
            indices = [index for index, _ in run]
            if reason is not None:
                stretches.append(Stretch(modality, starts[indices[0]], starts[indices[-1] + 1], reason))
    return tuple(sorted(stretches, key=lambda stretch: stretch.start_s))


def _reason(point: Fields, modality: Modality) -> str | None:
    presence = point["presence"][modality]
    return None if presence["present"] else presence["reason"] or "unknown"


def _emotion_s(episodes: Iterable[Fields]) -> dict[str, float]:
    total = dict.fromkeys(EMOTIONS, 0.0)
    for episode in episodes:
        total[episode["emotion"]] += episode["end"] - episode["start"]
    return {emotion: total[emotion] for emotion in sorted(total, key=lambda e: -total[e]) if total[emotion]}


def _talking_s(words: Iterable[Fields]) -> float:
    talking_s = 0.0
    until_s: float | None = None
    for word in words:
        start_s = word["start"]
        if until_s is not None and start_s - until_s < PAUSE_S:
            start_s = until_s
        talking_s += max(word["end"] - start_s, 0.0)
        until_s = max(word["end"], until_s or 0.0)
    return talking_s


def _mean(values: Iterable[float]) -> float | None:
    held = list(values)
    return sum(held) / len(held) if held else None
