"""What a session comes to, from its timeline alone: times, means, and what was missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from live_sentiment.core.types import EMOTIONS, MODALITIES, Modality
from live_sentiment.export.recorded import RecordedSession
from live_sentiment.sinks.lines import Fields

PAUSE_S = 0.8
"""Silence between two words that still counts as talking; captions end a cue at the same pause."""


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
    """From where the analysis began to the last point."""
    emotion_s: Mapping[str, float]
    """Time in episodes of each emotion, the longest first; emotions without any are left out."""
    undecided_s: float
    """Time in no episode: nobody was seen or heard, or the writer was killed before an episode was closed."""
    valence: float | None
    """Mean over the points that rest on any modality, in [-1, 1]; None without such a point."""
    arousal: float | None
    talking_s: float
    """Time that recognised words cover, pauses up to PAUSE_S included."""
    present_s: Mapping[Modality, float]
    """Time for which each modality was part of the result."""
    absences: tuple[Stretch, ...]
    """When each was missing, in time order."""

    def part(self, time_s: float) -> float:
        """Such a time as a part of the whole, in [0, 1]; 0 of a session that has no length."""
        return min(time_s / self.duration_s, 1.0) if self.duration_s > 0 else 0.0

    def missing_s(self, modality: Modality) -> dict[str, float]:
        """For how long a modality was missing, by reason, the longest first."""
        total: dict[str, float] = {}
        for stretch in self.absences:
            if stretch.modality == modality:
                total[stretch.reason] = total.get(stretch.reason, 0.0) + stretch.length_s
        return dict(sorted(total.items(), key=lambda item: -item[1]))


def facts_of(session: RecordedSession) -> Facts:
    """Sum up a session; one without points has a duration of 0."""
    duration_s = max(session.end_s - session.start_s, 0.0)
    emotion_s = _emotion_s(session.episodes)
    with_evidence, valence, arousal = 0, 0.0, 0.0
    absences = AbsenceFinder(session.start_s)
    for point in session.points():
        absences.add(point)
        if point["shares"]:
            with_evidence += 1
            valence += point["valence"]
            arousal += point["arousal"]
    missing = absences.finish()
    return Facts(
        duration_s=duration_s,
        emotion_s=emotion_s,
        undecided_s=max(duration_s - sum(emotion_s.values()), 0.0),
        valence=valence / with_evidence if with_evidence else None,
        arousal=arousal / with_evidence if with_evidence else None,
        talking_s=_talking_s(session.words),
        present_s={
            modality: max(duration_s - sum(s.length_s for s in missing if s.modality == modality), 0.0)
            for modality in MODALITIES
        },
        absences=missing,
    )


class AbsenceFinder:
    """Says when and why modalities were missing. A point speaks of the time since the one before it."""

    def __init__(self, start_s: float) -> None:
        self._last_s = start_s
        self._open: dict[Modality, tuple[float, str]] = {}
        self._found: list[Stretch] = []

    def add(self, point: Fields) -> None:
        """Take the next point in time order."""
        for modality in MODALITIES:
            presence = point["presence"][modality]
            reason = None if presence["present"] else presence["reason"] or "unknown"
            if modality in self._open and reason != self._open[modality][1]:
                self._close(modality)
            if reason is not None and modality not in self._open:
                self._open[modality] = (self._last_s, reason)
        self._last_s = float(point["time"])

    def finish(self) -> tuple[Stretch, ...]:
        """All of them, in time order."""
        for modality in tuple(self._open):
            self._close(modality)
        return tuple(sorted(self._found, key=lambda stretch: stretch.start_s))

    def _close(self, modality: Modality) -> None:
        start_s, reason = self._open.pop(modality)
        self._found.append(Stretch(modality, start_s, self._last_s, reason))


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
