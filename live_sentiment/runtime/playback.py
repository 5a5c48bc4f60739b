"""Looking at a replay from any of its moments: a playhead on a clock, and the story up to it.

The analysis runs as it always does and knows nothing of whoever looks at it.
"""

from __future__ import annotations

import dataclasses
import threading
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TypeVar

from live_sentiment.core.clock import Clock
from live_sentiment.core.types import Event, TimelinePoint, Transcript, VideoFrame, Word
from live_sentiment.runtime.recent import EVENTS
from live_sentiment.runtime.snapshot import HISTORY_S, Box, Snapshot
from live_sentiment.sinks.protocol import Sink
from live_sentiment.sources.media.filmstrip import Filmstrip

SPEEDS: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Multiples of the recording's own pace; beyond the last one comes None: at the newest result."""

T = TypeVar("T")


class Playhead:
    """A place in a recording that moves with a clock, and never past what has been analysed.

    With speed None it stays at the newest result; seeking from there goes on at the recording's own pace.
    Every method may be called from any thread.

    Args:
        clock: moves it.
        start_s: session time at which it begins, and before which it does not go.
        speed: to begin with.
    """

    def __init__(self, clock: Clock, *, start_s: float = 0.0, speed: float | None = 1.0) -> None:
        self._clock = clock
        self._start_s = self._at_s = self._reach_s = start_s
        self._speed, self._playing = speed, True
        self._moved_s = clock.now_s()
        self._lock = threading.Lock()

    @property
    def playing(self) -> bool:
        """Whether it moves by itself."""
        return self._playing

    @property
    def speed(self) -> float | None:
        """Seconds of the recording per second; None is at the newest result."""
        return self._speed

    def at(self, reach_s: float) -> float:
        """Session time at which it stands, where the analysis has come to `reach_s`: there it waits."""
        with self._lock:
            self._reach_s = max(reach_s, self._start_s)
            self._move()
            return self._at_s

    def toggle(self) -> None:
        """Stop, or go on."""
        with self._lock:
            self._move()
            self._playing = not self._playing

    def seek(self, by_s: float) -> None:
        """Jump by so many seconds, back where negative."""
        with self._lock:
            self._move()
            self._at_s = min(max(self._at_s + by_s, self._start_s), self._reach_s)
            if self._speed is None:
                self._speed = 1.0

    def faster(self) -> None:
        """Take the next speed up; behind the last one, stay at the newest result."""
        with self._lock:
            self._move()
            if self._speed is not None:
                present = self._speed
                self._speed = next((speed for speed in SPEEDS if speed > present), None)

    def slower(self) -> None:
        """Take the next speed down."""
        with self._lock:
            self._move()
            present = float("inf") if self._speed is None else self._speed
            self._speed = next((speed for speed in reversed(SPEEDS) if speed < present), SPEEDS[0])

    def _move(self) -> None:
        now_s = self._clock.now_s()
        if self._playing:
            passed_s = now_s - self._moved_s
            ahead_s = self._reach_s if self._speed is None else self._at_s + passed_s * self._speed
            self._at_s = max(min(ahead_s, self._reach_s), self._at_s)
        self._moved_s = now_s


class Story(Sink):
    """A sink that keeps every final, word and event, to be looked at from any moment.

    It grows with the session, by some 2 kB a tick: 30 MB an hour at the default hop. Pictures, where it is
    given any, are as much again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._finals: list[TimelinePoint] = []
        self._words: list[Word] = []
        self._events: list[Event] = []
        self._pictures = Filmstrip()

    @property
    def reach_s(self) -> float:
        """Session time of the last final; 0 before the first."""
        with self._lock:
            return self._finals[-1].time_s if self._finals else 0.0

    def point(self, point: TimelinePoint) -> None:
        """Keep a final; provisional ones are passed over."""
        if point.final:
            with self._lock:
                self._finals.append(point)

    def event(self, event: Event) -> None:
        """Keep an event."""
        with self._lock:
            self._events.append(event)

    def words(self, transcript: Transcript) -> None:
        """Keep the words that were committed."""
        with self._lock:
            self._words.extend(transcript.committed)

    def saw(self, frame: VideoFrame, boxes: Sequence[Box]) -> None:
        """Keep a picture that was looked at, as a small one."""
        self._pictures.saw(frame, boxes)

    def view(self, snapshot: Snapshot, at_s: float) -> Snapshot:
        """The snapshot as it would have been at session time `at_s`, every result final."""
        with self._lock:
            finals = _up_to(self._finals, at_s, lambda point: point.time_s)
            words = _up_to(self._words, at_s, lambda word: word.end_s)
            # Some are told late: a device is lost before anybody notices.
            events = [event for event in self._events if event.time_s <= at_s]
        return dataclasses.replace(
            snapshot,
            latest=finals[-1] if finals else None,
            finals=finals,
            provisionals=(),
            words=words,
            partial_words=(),
            picture=self._pictures.at(at_s),
            events=tuple(events[-EVENTS:]),
        )


class Playback:
    """What a person sees of a replay: its story at the playhead.

    Args:
        read: the replay's own snapshot.
        story: a sink of that replay.
        playhead: where it is looked at.
    """

    def __init__(self, read: Callable[[], Snapshot], story: Story, playhead: Playhead) -> None:
        self._read, self._story, self.playhead = read, story, playhead

    def snapshot(self) -> Snapshot:
        """The replay at the playhead; it has finished when the playhead has, and failed at once."""
        replay, reach_s = self._read(), self._story.reach_s
        at_s = self.playhead.at(reach_s)
        shown = self._story.view(replay, at_s)
        state = "running" if replay.state == "finished" and at_s < reach_s else replay.state
        # How fast the analysis runs says nothing of what is shown.
        return dataclasses.replace(shown, state=state, position_s=at_s, real_time_factor=None)

    @property
    def reach_s(self) -> float:
        """Session time up to which the recording has been analysed."""
        return self._story.reach_s


def _up_to(items: Sequence[T], at_s: float, time_s: Callable[[T], float]) -> tuple[T, ...]:
    """Those of the last HISTORY_S before a moment, of items in time order."""
    first = bisect_right(items, at_s - HISTORY_S, key=time_s)
    return tuple(items[first : bisect_right(items, at_s, key=time_s)])
