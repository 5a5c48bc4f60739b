"""The latest of the story, for whoever looks at it from another thread."""

from __future__ import annotations

import dataclasses
import threading
from collections import deque

from live_sentiment.core.types import Event, TimelinePoint, Transcript, Word
from live_sentiment.runtime.snapshot import HISTORY_S, Snapshot
from live_sentiment.sinks.protocol import Sink

EVENTS = 20
"""Events kept."""


class Recent(Sink):
    """Keeps the last HISTORY_S of points and words and the last EVENTS events, however long the session."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._finals: deque[TimelinePoint] = deque()
        self._provisionals: deque[TimelinePoint] = deque()
        self._words: deque[Word] = deque()
        self._partial: tuple[Word, ...] = ()
        self._events: deque[Event] = deque(maxlen=EVENTS)

    def point(self, point: TimelinePoint) -> None:
        """Take a tick; a final one replaces the provisional ones up to it."""
        with self._lock:
            if not point.final:
                self._provisionals.append(point)
                return
            self._finals.append(point)
            while self._provisionals and self._provisionals[0].time_s <= point.time_s:
                self._provisionals.popleft()
            while self._finals[0].time_s <= point.time_s - HISTORY_S:
                self._finals.popleft()

    def event(self, event: Event) -> None:
        """Take an event."""
        with self._lock:
            self._events.append(event)

    def words(self, transcript: Transcript) -> None:
        """Take newly committed words and the guess behind them."""
        with self._lock:
            self._words.extend(transcript.committed)
            self._partial = transcript.partial
            while self._words and self._words[0].end_s <= self._words[-1].end_s - HISTORY_S:
                self._words.popleft()

    def close(self, *, complete: bool) -> None:
        """Nothing more will come; the guess behind the committed words is void."""
        with self._lock:
            self._partial = ()

    def fill(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with points, words and events put in; may be called from any thread."""
        with self._lock:
            newest = self._provisionals or self._finals
            return dataclasses.replace(
                snapshot,
                latest=newest[-1] if newest else None,
                finals=tuple(self._finals),
                provisionals=tuple(self._provisionals),
                words=tuple(self._words),
                partial_words=self._partial,
                events=tuple(self._events),
            )
