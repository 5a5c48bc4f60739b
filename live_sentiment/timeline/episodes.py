"""Episodes: stretches of time in which one emotion leads."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from live_sentiment.types import EMOTIONS, TimelinePoint


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch in which one emotion leads. Episodes never overlap; between them there was no evidence."""

    start_s: float
    end_s: float
    emotion: str
    """One of EMOTIONS."""
    confidence: float
    """Mean probability of that emotion, over time."""
    valence: float
    """Mean over time, in [-1, 1]."""
    arousal: float
    """Mean over time, in [-1, 1]."""


class EpisodeBuilder:
    """Builds episodes from final points in order; an episode is returned once it can no longer change.

    An episode ends when its emotion has not led for `min_episode_s`; shorter breaks belong to it. What
    follows is named by the emotion that led longest during the break. A stretch without any modality breaks
    an episode like another emotion does, and becomes no episode itself.

    Latency: an episode is returned `min_episode_s` after it has ended.
    """

    def __init__(self, min_episode_s: float) -> None:
        self._min_s = min_episode_s
        self._current = _Stretch()
        self._break = _Stretch()

    def add(self, point: TimelinePoint, start_s: float, *, evidence: bool) -> tuple[Episode, ...]:
        """Take the point that speaks for (start_s, point.time_s]; `evidence`: some modality was present."""
        label = point.emotion if evidence else None
        if not self._current.empty and label == self._current.label:
            self._current.join(self._break)
            self._break = _Stretch()
            self._current.add(point, start_s, label)
            return ()
        self._break.add(point, start_s, label)
        # Sums of hops miss a round number by rounding; a microsecond is far below any hop.
        if self._break.length_s < self._min_s - 1e-6:
            return ()
        ended, self._current, self._break = self._current, self._break, _Stretch()
        self._current.name_after_longest()
        return ended.episodes()

    def finish(self) -> tuple[Episode, ...]:
        """The last episode; a break shorter than `min_episode_s` at the very end belongs to it."""
        self._current.join(self._break)
        if self._current.label is None and self._current.seconds:
            self._current.name_after_longest()
        ended, self._current, self._break = self._current, _Stretch(), _Stretch()
        return ended.episodes()


@dataclass
class _Stretch:
    """Sums over consecutive points, from which the means of an episode come."""

    start_s: float = 0.0
    end_s: float = 0.0
    label: str | None = None
    seconds: dict[str | None, float] = field(default_factory=dict)
    """How long each label led; None is a stretch without evidence."""
    emotions: np.ndarray = field(default_factory=lambda: np.zeros(len(EMOTIONS)))
    affect: np.ndarray = field(default_factory=lambda: np.zeros(2))

    @property
    def empty(self) -> bool:
        return not self.seconds

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s

    def add(self, point: TimelinePoint, start_s: float, label: str | None) -> None:
        if self.empty:
            self.start_s = start_s
        self.end_s = point.time_s
        weight = point.time_s - start_s
        self.seconds[label] = self.seconds.get(label, 0.0) + weight
        self.emotions = self.emotions + weight * point.affect.emotions
        self.affect = self.affect + weight * np.array([point.affect.valence, point.affect.arousal])

    def join(self, other: _Stretch) -> None:
        if other.empty:
            return
        if self.empty:
            self.start_s = other.start_s
        self.end_s = other.end_s
        for label, seconds in other.seconds.items():
            self.seconds[label] = self.seconds.get(label, 0.0) + seconds
        self.emotions = self.emotions + other.emotions
        self.affect = self.affect + other.affect

    def name_after_longest(self) -> None:
        self.label = max(self.seconds, key=lambda label: self.seconds[label])

    def episodes(self) -> tuple[Episode, ...]:
        if self.label is None:
            return ()
        mean = self.emotions / self.length_s
        valence, arousal = self.affect / self.length_s
        confidence = float(mean[EMOTIONS.index(self.label)])
        return (Episode(self.start_s, self.end_s, self.label, confidence, float(valence), float(arousal)),)
