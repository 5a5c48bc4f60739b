"""The timeline: windows and their fused results in, smoothed points and the story's segments out."""

from __future__ import annotations

import math
from collections import deque
from typing import TypeAlias

from live_sentiment.core.config import TimelineConfig
from live_sentiment.core.types import Affect, Person, TimelinePoint, Window
from live_sentiment.timeline.episodes import Episode, EpisodeBuilder
from live_sentiment.timeline.smoother import Smoothed, Smoother
from live_sentiment.timeline.smoothing import State
from live_sentiment.timeline.turning import TurningPoint, TurningPointFinder

Segment: TypeAlias = Episode | TurningPoint


class Timeline:
    """Smooths the ticks and cuts them into episodes and turning points.

    Finals come in order and depend on earlier finals alone. Provisionals, ahead of them, are smoothed over
    the finals and the provisionals before them, so that the preview is as calm as the finals will be; they
    leave the finals' state untouched.

    Args:
        config: filters, their speed and the thresholds.
        emotion_prior: shape (7,), the class distribution under which results are calibrated; uniform if None.
        polarity_prior: shape (3,), likewise.
    """

    def __init__(
        self,
        config: TimelineConfig,
        emotion_prior: State | None = None,
        polarity_prior: State | None = None,
    ) -> None:
        self._settled = Smoother(config, emotion_prior, polarity_prior)
        self._ahead = self._settled.copy()
        self._stale = False
        self._unsettled: deque[tuple[float, Affect | None]] = deque()
        self._final_s = self._provisional_s = -math.inf
        self._episodes = EpisodeBuilder(config.min_episode_s)
        self._turning_points = TurningPointFinder(config.turning_point)

    def provisional(self, window: Window, affect: Affect | None, people: tuple[Person, ...]) -> TimelinePoint:
        """The preview of a tick; `affect` is None where no modality is present.

        Words that are committed late may be missing from it; the final of the tick has them.

        Raises:
            ValueError: the window is behind the last final or provisional one.
        """
        since_s = max(self._final_s, self._provisional_s)
        _expect_later(window, since_s)
        if self._stale:
            self._ahead = self._settled.copy()
            for time_s, earlier in self._unsettled:
                self._ahead.update(earlier, time_s)
            self._stale = False
        self._unsettled.append((window.end_s, affect))
        self._provisional_s = window.end_s
        return _point(window, self._ahead.update(affect, window.end_s), people, since_s)

    def final(
        self, window: Window, affect: Affect | None, people: tuple[Person, ...]
    ) -> tuple[TimelinePoint, tuple[Segment, ...]]:
        """The final result of a tick, and the episodes and turning points that can no longer change.

        `affect` is None where no modality is present: the point then has the state faded towards the prior.

        Raises:
            ValueError: the window is behind the last final one.
        """
        _expect_later(window, self._final_s)
        evidence = affect is not None
        point = _point(window, self._settled.update(affect, window.end_s), people, self._final_s)
        start_s = self._final_s if math.isfinite(self._final_s) else _hop_start_s(window)
        self._final_s = window.end_s
        while self._unsettled and self._unsettled[0][0] <= window.end_s:
            self._unsettled.popleft()
        self._stale = True
        episodes = self._episodes.add(point, start_s, evidence=evidence)
        return point, (*episodes, *self._turning_points.add(point, evidence=evidence))

    def finish(self) -> tuple[Segment, ...]:
        """The last episode, and turning points that waited for words."""
        return (*self._turning_points.finish(), *self._episodes.finish())


def _point(window: Window, smoothed: Smoothed, people: tuple[Person, ...], since_s: float) -> TimelinePoint:
    return TimelinePoint(
        time_s=window.end_s,
        affect=smoothed.affect,
        emotion=smoothed.emotion,
        presence=window.presence,
        words=tuple(word for word in window.words if word.end_s > since_s),
        people=people,
        final=window.final,
    )


def _expect_later(window: Window, than_s: float) -> None:
    if window.end_s <= than_s:
        raise ValueError(f"the window that ends at {window.end_s} s comes after the one at {than_s} s")


def _hop_start_s(window: Window) -> float:
    """Where the tick before the first one lies: windows end at index × hop."""
    return window.end_s - window.end_s / window.index
