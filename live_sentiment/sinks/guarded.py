"""A sink that may fail without taking the session with it."""

from __future__ import annotations

from collections.abc import Callable

from live_sentiment.core.errors import RunError
from live_sentiment.core.types import Event, TimelinePoint, Transcript
from live_sentiment.sinks.protocol import Sink
from live_sentiment.streams.worker import described, is_interrupt
from live_sentiment.timeline.timeline import Segment


class Guarded:
    """Passes everything on to a sink until that fails; then it says so once, and the session goes on without.

    Args:
        sink: the one that may fail.
        on_failure: told what the sink said of its failure.
    """

    def __init__(self, sink: Sink, on_failure: Callable[[str], None]) -> None:
        self._sink: Sink | None = sink
        self._on_failure = on_failure

    def point(self, point: TimelinePoint) -> None:
        """Pass on a tick."""
        self._try(lambda sink: sink.point(point))

    def segment(self, segment: Segment) -> None:
        """Pass on an episode or a turning point."""
        self._try(lambda sink: sink.segment(segment))

    def event(self, event: Event) -> None:
        """Pass on an event."""
        self._try(lambda sink: sink.event(event))

    def words(self, transcript: Transcript) -> None:
        """Pass on what the transcriber said."""
        self._try(lambda sink: sink.words(transcript))

    def close(self, *, complete: bool) -> None:
        """Close the sink."""
        self._try(lambda sink: sink.close(complete=complete))

    def _try(self, call: Callable[[Sink], None]) -> None:
        if self._sink is None:
            return
        try:
            call(self._sink)
        except BaseException as error:
            if is_interrupt(error):
                raise
            failed, self._sink = type(self._sink).__name__, None
            self._on_failure(
                str(error) if isinstance(error, RunError) else f"{failed} failed: {described(error)}"
            )
