"""The sink that a dashboard reads: keeps the last minute, and hands it out as a snapshot."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from live_sentiment.clock import Clock
from live_sentiment.snapshot import HISTORY_S, Snapshot, State, StreamHealth
from live_sentiment.streams.gauges import Gauges
from live_sentiment.timeline.timeline import Segment
from live_sentiment.types import Event, TimelinePoint, Transcript, Word

EVENTS = 50
"""Events kept; the latest ones."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a snapshot says that does not change while the session runs."""

    source: str
    start_s: float
    duration_s: float | None
    models: Mapping[str, str]
    device: str
    outputs: Sequence[Path]


class Board:
    """Written by the analysis, read by any other thread.

    Args:
        subject: what stays the same.
        clock: for the time elapsed; nothing of it reaches a result.
        gauges: of the session's queues.
        position_s: session time up to which everything has been perceived.
    """

    def __init__(
        self, subject: Subject, clock: Clock, gauges: Gauges, position_s: Callable[[], float]
    ) -> None:
        self._subject, self._clock, self._gauges, self._position_s = subject, clock, gauges, position_s
        self._lock = threading.Lock()
        self._began_s = clock.now_s()
        self._ended_s: float | None = None
        self._state: State = "starting"
        self._failure: str | None = None
        self._finals: deque[TimelinePoint] = deque()
        self._provisionals: deque[TimelinePoint] = deque()
        self._words: deque[Word] = deque()
        self._partial: tuple[Word, ...] = ()
        self._events: deque[Event] = deque(maxlen=EVENTS)
        self.first_result_s: float | None = None
        """Clock time at which the first point, provisional or final, was told."""

    def point(self, point: TimelinePoint) -> None:
        """Keep a point for as long as a snapshot looks back."""
        with self._lock:
            self._state = "running"
            if self.first_result_s is None:
                self.first_result_s = self._clock.now_s()
            if not point.final:
                self._provisionals.append(point)
                return
            self._finals.append(point)
            while self._provisionals and self._provisionals[0].time_s <= point.time_s:
                self._provisionals.popleft()
            while self._finals[0].time_s < point.time_s - HISTORY_S:
                self._finals.popleft()
            while self._words and self._words[0].end_s < point.time_s - HISTORY_S:
                self._words.popleft()

    def segment(self, segment: Segment) -> None:
        """Nothing: the dashboard draws points."""

    def event(self, event: Event) -> None:
        """Keep the latest events."""
        with self._lock:
            self._events.append(event)

    def words(self, transcript: Transcript) -> None:
        """Keep committed words, and the guess behind them."""
        with self._lock:
            self._words.extend(transcript.committed)
            self._partial = transcript.partial

    def close(self, *, complete: bool) -> None:
        """The session has ended."""
        with self._lock:
            self._state = "finished" if complete else "failed"
            self._ended_s = self._clock.now_s()
            self._partial = ()

    def fail(self, reason: str) -> None:
        """Say why the session failed."""
        with self._lock:
            self._state, self._failure = "failed", reason

    def snapshot(self) -> Snapshot:
        """The session at this moment."""
        streams = tuple(
            StreamHealth(name, queue.depth, queue.oldest_s, queue.dropped)
            for name, queue in self._gauges.queues().items()
        )
        with self._lock:
            now_s = self._clock.now_s() if self._ended_s is None else self._ended_s
            elapsed_s = now_s - self._began_s
            done_s = self._position_s() - self._subject.start_s
            return Snapshot(
                source=self._subject.source,
                state=self._state,
                position_s=self._position_s(),
                duration_s=self._subject.duration_s,
                elapsed_s=elapsed_s,
                real_time_factor=elapsed_s / done_s if done_s > 0 else None,
                latest=(self._provisionals or self._finals or (None,))[-1],
                finals=tuple(self._finals),
                provisionals=tuple(self._provisionals),
                words=tuple(self._words),
                partial_words=self._partial,
                events=tuple(self._events),
                streams=streams,
                models=self._subject.models,
                device=self._subject.device,
                outputs=tuple(self._subject.outputs),
                failure=self._failure,
            )
