"""Turning points: where valence stops rising and begins to fall, or the other way round."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

from live_sentiment.core.types import TimelinePoint, Word

AROUND_S = 2.0
"""Words this near to a turning point are told with it."""


@dataclass(frozen=True, slots=True)
class TurningPoint:
    """A peak or trough of valence, with at least `timeline.turning_point` of a swing before and after it."""

    time_s: float
    kind: Literal["peak", "trough"]
    valence: float
    """In [-1, 1], at the turning point."""
    previous_valence: float
    """In [-1, 1], at the turning point before it, or where the swing into it began."""
    words: tuple[Word, ...]
    """What was said within AROUND_S of it."""


class TurningPointFinder:
    """Zigzag over the valence of final points in order; points without evidence have no say.

    An extreme is a turning point once valence has come back from it by the threshold, after it had come to it
    by at least as much. It is returned when the words around it are known: at the earliest AROUND_S after it.
    """

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._rising: bool | None = None
        self._lowest: _Extreme | None = None
        self._highest: _Extreme | None = None
        self._previous_valence = 0.0
        self._recent: deque[Word] = deque()
        self._unfinished: list[tuple[_Extreme, TurningPoint]] = []

    def add(self, point: TimelinePoint, *, evidence: bool) -> tuple[TurningPoint, ...]:
        """Take the next final point; `evidence`: some modality was present."""
        self._listen(point)
        if evidence:
            self._follow(point)
        return self._ripe(point.time_s)

    def finish(self) -> tuple[TurningPoint, ...]:
        """Turning points that still waited for words."""
        return self._ripe(float("inf"))

    def _listen(self, point: TimelinePoint) -> None:
        self._recent.extend(point.words)
        while self._recent and self._recent[0].end_s < point.time_s - AROUND_S:
            self._recent.popleft()
        waiting = {extreme for extreme, _ in self._unfinished}
        for extreme in waiting | {self._lowest, self._highest}:
            if extreme is not None:
                extreme.hear(point.words)

    def _follow(self, point: TimelinePoint) -> None:
        valence = point.affect.valence
        if self._lowest is None or valence < self._lowest.valence:
            self._lowest = _Extreme(point.time_s, valence, self._recent)
        if self._highest is None or valence > self._highest.valence:
            self._highest = _Extreme(point.time_s, valence, self._recent)
        if self._rising is None:
            # Which way the first swing goes is known only when it is large enough.
            if self._highest.valence - self._lowest.valence >= self._threshold:
                self._rising = self._lowest.time_s < self._highest.time_s
                begin, now = (self._lowest, self._highest) if self._rising else (self._highest, self._lowest)
                self._previous_valence = begin.valence
                self._lowest = self._highest = now
        elif self._rising and self._highest.valence - valence >= self._threshold:
            self._turn(self._highest, "peak", point)
        elif not self._rising and valence - self._lowest.valence >= self._threshold:
            self._turn(self._lowest, "trough", point)

    def _turn(self, at: _Extreme, kind: Literal["peak", "trough"], point: TimelinePoint) -> None:
        turning = TurningPoint(at.time_s, kind, at.valence, self._previous_valence, ())
        self._unfinished.append((at, turning))
        self._previous_valence = at.valence
        self._rising = kind == "trough"
        self._lowest = self._highest = _Extreme(point.time_s, point.affect.valence, self._recent)

    def _ripe(self, time_s: float) -> tuple[TurningPoint, ...]:
        ripe = [(at, turning) for at, turning in self._unfinished if at.time_s + AROUND_S <= time_s]
        self._unfinished = self._unfinished[len(ripe) :]
        return tuple(
            TurningPoint(t.time_s, t.kind, t.valence, t.previous_valence, tuple(at.words)) for at, t in ripe
        )


class _Extreme:
    """The lowest or highest valence of a swing so far, with the words around it."""

    def __init__(self, time_s: float, valence: float, recent: deque[Word]) -> None:
        self.time_s = time_s
        self.valence = valence
        self.words = list(recent)

    def hear(self, words: tuple[Word, ...]) -> None:
        self.words += [word for word in words if word.start_s <= self.time_s + AROUND_S]
