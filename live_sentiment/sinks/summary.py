"""The whole session in a few figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from live_sentiment.core.types import MODALITIES, Event, Modality, TimelinePoint
from live_sentiment.sinks.fields import rounded, seconds, segment_fields
from live_sentiment.sinks.protocol import Sink
from live_sentiment.timeline.episodes import Episode
from live_sentiment.timeline.timeline import Segment
from live_sentiment.timeline.turning import TurningPoint

NOTED = frozenset({"track", "level"})
"""Kinds of events that the summary repeats: they decide what the whole result rests on."""
MOST_NOTES = 8
TURNING_POINTS = 8
"""Turning points kept: those with the largest swing."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a session comes to; bounded however long it was."""

    duration_s: float
    """Time of the last final tick."""
    complete: bool
    """False when the session was cut short."""
    emotion_s: Mapping[str, float]
    """Time in episodes of each emotion, the longest first."""
    valence: float | None
    """Mean over the ticks with any modality, in [-1, 1]; None without such a tick."""
    arousal: float | None
    presence: Mapping[Modality, float]
    """Part of the ticks in which each modality was present, in [0, 1]."""
    reasons: Mapping[Modality, Mapping[str, float]]
    """Why each was absent, with the part of the ticks, the commonest first."""
    turning_points: tuple[TurningPoint, ...]
    """The TURNING_POINTS with the largest swing, in time order."""
    counts: Mapping[str, int]
    """How many points, words, episodes, turning points and events there were."""
    notes: tuple[str, ...] = ()
    """What a person should know of how the media was read."""

    def fields(self) -> dict[str, Any]:
        """The summary as plain data, rounded like the timeline."""
        return {
            "duration": seconds(self.duration_s),
            "complete": self.complete,
            "emotions": {emotion: seconds(time_s) for emotion, time_s in self.emotion_s.items()},
            "valence": None if self.valence is None else rounded(self.valence),
            "arousal": None if self.arousal is None else rounded(self.arousal),
            "presence": {modality: rounded(part) for modality, part in self.presence.items()},
            "absent": {
                modality: {reason: rounded(part) for reason, part in reasons.items()}
                for modality, reasons in self.reasons.items()
                if reasons
            },
            "turning_points": [segment_fields(turning) for turning in self.turning_points],
            "counts": dict(self.counts),
            **({"notes": list(self.notes)} if self.notes else {}),
        }


class Summarizer(Sink):
    """Sums up finals and segments as they come."""

    def __init__(self) -> None:
        self._counts = Counter[str]()
        self._emotion_s: dict[str, float] = {}
        self._with_evidence = 0
        self._valence = self._arousal = 0.0
        self._present = Counter[Modality]()
        self._reasons: dict[Modality, Counter[str]] = {modality: Counter() for modality in MODALITIES}
        self._turning_points: list[TurningPoint] = []
        self._notes: list[str] = []
        self._last_s = 0.0
        self._complete = False

    def point(self, point: TimelinePoint) -> None:
        """Count a final tick; provisional ones are passed over."""
        if not point.final:
            return
        self._counts["points"] += 1
        self._counts["words"] += len(point.words)
        self._last_s = point.time_s
        for modality, presence in point.presence.items():
            if presence.present:
                self._present[modality] += 1
            else:
                self._reasons[modality][presence.reason or "unknown"] += 1
        if any(presence.present for presence in point.presence.values()):
            self._with_evidence += 1
            self._valence += point.affect.valence
            self._arousal += point.affect.arousal

    def segment(self, segment: Segment) -> None:
        """Count an episode or a turning point."""
        if isinstance(segment, Episode):
            self._counts["episodes"] += 1
            length_s = segment.end_s - segment.start_s
            self._emotion_s[segment.emotion] = self._emotion_s.get(segment.emotion, 0.0) + length_s
            return
        self._counts["turning_points"] += 1
        self._turning_points.append(segment)
        if len(self._turning_points) > TURNING_POINTS:
            self._turning_points.remove(min(self._turning_points, key=_swing))

    def event(self, event: Event) -> None:
        """Count an event; keep what it says of how the media was read."""
        self._counts["events"] += 1
        if event.kind in NOTED and len(self._notes) < MOST_NOTES:
            self._notes.append(event.message)

    def close(self, *, complete: bool) -> None:
        """Note whether the session came to its end."""
        self._complete = complete

    def summary(self) -> Summary:
        """What it comes to so far."""
        points = max(self._counts["points"], 1)
        return Summary(
            duration_s=self._last_s,
            complete=self._complete,
            emotion_s=dict(sorted(self._emotion_s.items(), key=lambda item: -item[1])),
            valence=self._valence / self._with_evidence if self._with_evidence else None,
            arousal=self._arousal / self._with_evidence if self._with_evidence else None,
            presence={modality: self._present[modality] / points for modality in MODALITIES},
            reasons={
                modality: {reason: count / points for reason, count in reasons.most_common()}
                for modality, reasons in self._reasons.items()
            },
            turning_points=tuple(self._turning_points),
            notes=tuple(self._notes),
            counts={
                name: self._counts[name]
                for name in ("points", "words", "episodes", "turning_points", "events")
            },
        )


def _swing(turning: TurningPoint) -> float:
    return abs(turning.valence - turning.previous_valence)
