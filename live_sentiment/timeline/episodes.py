"""Episodes: stretches of time in which one emotion leads."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from live_sentiment.core.types import EMOTIONS, TimelinePoint


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


RESTLESS = 4
"""A stretch of this many `min_episode_s` without a run that is long enough is an episode all the same."""


class EpisodeBuilder:
    """Builds episodes from final points in order; an episode is returned once it can no longer change.

    An episode is made of runs of one emotion, at least one of them `min_episode_s` long; shorter runs of
    others belong to the episode before them (the first ones to the episode behind). Where emotions change
    restlessly for RESTLESS times as long, the one that leads longest gives the name. A stretch without any
    modality breaks an episode like another emotion does, and becomes no episode itself.

    Latency: an episode is returned `min_episode_s` after its end, RESTLESS times that before a restless one.
    """

    def __init__(self, min_episode_s: float) -> None:
        # Sums of hops miss a round number by rounding; a microsecond is far below any hop.
        self._min_s = min_episode_s - 1e-6
        self._current = _Stretch()
        self._short = _Stretch()
        self._run = _Stretch()

    def add(self, point: TimelinePoint, start_s: float, *, evidence: bool) -> tuple[Episode, ...]:
        """Take the point that speaks for (start_s, point.time_s]; `evidence`: some modality was present."""
        label = point.emotion if evidence else None
        if not self._current.empty and label == self._current.label:
            self._current.join(self._short, self._run)
            self._current.add(point, start_s, label)
            self._short, self._run = _Stretch(), _Stretch()
            return ()
        if label != self._run.label:
            self._short.join(self._run)
            self._run = _Stretch(label=label)
        self._run.add(point, start_s, label)
        if self._run.length_s >= self._min_s:
            if not self._current.empty:
                self._current.join(self._short)
                return self._begin(self._run, label)
            self._short.join(self._run)
            return self._begin(self._short, label)
        if self._short.length_s + self._run.length_s >= RESTLESS * self._min_s:
            self._short.join(self._run)
            return self._begin(self._short, self._short.longest)
        return ()

    def finish(self) -> tuple[Episode, ...]:
        """The last episode, with the short runs at the very end."""
        nothing_settled = self._current.empty
        self._current.join(self._short, self._run)
        if nothing_settled:
            self._current.label = self._current.longest
        return self._begin(_Stretch(), None)

    def _begin(self, stretch: _Stretch, label: str | None) -> tuple[Episode, ...]:
        ended, self._current = self._current, stretch
        self._current.label = label
        self._short, self._run = _Stretch(), _Stretch()
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

    def join(self, *others: _Stretch) -> None:
        for other in others:
            if other.empty:
                continue
            if self.empty:
                self.start_s = other.start_s
            self.end_s = other.end_s
            for label, seconds in other.seconds.items():
                self.seconds[label] = self.seconds.get(label, 0.0) + seconds
            self.emotions = self.emotions + other.emotions
            self.affect = self.affect + other.affect

    @property
    def longest(self) -> str | None:
        return max(self.seconds, key=lambda label: self.seconds[label], default=None)

    def episodes(self) -> tuple[Episode, ...]:
        if self.label is None:
            return ()
        mean = self.emotions / self.length_s
        valence, arousal = self.affect / self.length_s
        confidence = float(mean[EMOTIONS.index(self.label)])
        return (Episode(self.start_s, self.end_s, self.label, confidence, float(valence), float(arousal)),)
