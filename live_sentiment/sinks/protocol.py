"""What a sink is: something that is told a session's story as it comes to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from live_sentiment.core.types import Event, TimelinePoint, Transcript

if TYPE_CHECKING:
    from live_sentiment.timeline.timeline import Segment


class Sink(Protocol):
    """Is called from one thread and raises RunError when it cannot go on; other sinks go on without it.

    A class derived from it needs only the methods in which it does something.
    """

    def point(self, point: TimelinePoint) -> None:
        """A tick, provisional or final; finals come in order, once each."""
        return

    def segment(self, segment: Segment) -> None:
        """An episode or a turning point that can no longer change."""
        return

    def event(self, event: Event) -> None:
        """Something that happened in the session."""
        return

    def words(self, transcript: Transcript) -> None:
        """A pass of the transcriber: words newly committed, and the current guess behind them."""
        return

    def close(self, *, complete: bool) -> None:
        """The session is over; `complete` is False when it was cut short. Later calls do nothing."""
        return
