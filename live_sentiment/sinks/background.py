"""Writing results where a disk may be slow, full or gone, without making anybody wait for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from live_sentiment.core.clock import Clock
from live_sentiment.core.types import Event, TimelinePoint, Transcript
from live_sentiment.recording.session_file import SessionRecord
from live_sentiment.sinks.protocol import Sink
from live_sentiment.streams.channel import Channel, Full
from live_sentiment.streams.worker import Worker
from live_sentiment.timeline.timeline import Segment

CALLS = 20_000
"""Results that may wait for the disk: about an hour of them."""
CLOSE_S = 20.0
"""What a disk is given, at the end of a session, to take what waits."""

_Call: TypeAlias = Callable[[Sink], None]


class BackgroundSink:
    """Passes everything that is final on to sinks, in order, on a thread of its own.

    Args:
        sinks: write files; must not raise.
        on_failure: told, from any thread, that and why nothing is written any more.
        clock: its thread waits through it, so that a virtual clock knows.
    """

    def __init__(self, sinks: tuple[Sink, ...], on_failure: Callable[[str], None], clock: Clock) -> None:
        self._sinks, self._on_failure = sinks, on_failure
        self._calls: Channel[_Call] = Channel(CALLS, clock=clock)
        self._worker = Worker("results", self._run, clock=clock)
        self._worker.start()
        self._closed = False

    def point(self, point: TimelinePoint) -> None:
        """Pass on a final tick."""
        if point.final:
            self._put(lambda sink: sink.point(point))

    def segment(self, segment: Segment) -> None:
        """Pass on an episode or a turning point."""
        self._put(lambda sink: sink.segment(segment))

    def event(self, event: Event) -> None:
        """Pass on an event."""
        self._put(lambda sink: sink.event(event))

    def words(self, transcript: Transcript) -> None:
        """Pass on what the transcriber said."""
        self._put(lambda sink: sink.words(transcript))

    def close(self, *, complete: bool) -> None:
        """Write the rest, within a bound, and end the thread."""
        if self._closed:
            return
        self._put(lambda sink: sink.close(complete=complete))
        self._closed = True
        self._calls.close()
        if not self._worker.join(CLOSE_S):
            self._calls.cancel()
            self._on_failure(f"the disk has not taken the last results within {CLOSE_S:.0f} s")

    def _put(self, call: _Call) -> None:
        if self._closed:
            return
        if len(self._calls) >= CALLS:
            self._closed = True
            self._calls.cancel()
            self._on_failure("the disk does not take the results")
            return
        self._calls.put(call, wait=False)

    def _run(self) -> None:
        for call in self._calls:
            for sink in self._sinks:
                call(sink)
        # Of a disk that was given up and has come back, the files are closed all the same.
        for sink in self._sinks:
            sink.close(complete=False)


class BackgroundRecord:
    """Writes the record of a session on a thread of its own; of several that wait, the newest alone.

    Args:
        write: writes one; must not raise.
        clock: as above.
    """

    def __init__(self, write: Callable[[SessionRecord], None], clock: Clock) -> None:
        self._write = write
        self._records: Channel[SessionRecord] = Channel(1, Full.DROP_OLDEST, clock=clock)
        self._worker = Worker("session record", self._run, clock=clock)
        self._worker.start()

    def put(self, record: SessionRecord) -> None:
        """Write it as soon as the disk takes it."""
        self._records.put(record)

    def close(self) -> bool:
        """Write what waits and end the thread, within a bound. Returns whether the disk has taken it."""
        self._records.close()
        return self._worker.join(CLOSE_S)

    def _run(self) -> None:
        for record in self._records:
            self._write(record)
