"""FeedOutputs: sinks that hand the story to other programs, each on a thread of its own.

Whoever tells an outlet never waits for it. What it does not take in time is let go: all but the newest of
what is provisional, and the oldest of what is final only when FINALS of them wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from live_sentiment.core.clock import Clock
from live_sentiment.core.errors import RunError
from live_sentiment.core.types import Event, TimelinePoint, Transcript
from live_sentiment.sinks.protocol import Sink
from live_sentiment.streams.channel import Channel, Full
from live_sentiment.streams.worker import described
from live_sentiment.timeline.timeline import Segment

FINALS = 1024
"""Final results, words and events that may wait: four minutes of a talkative session."""
PROVISIONALS = 8
"""Provisional ones that may wait."""
CLOSE_S = 3.0
"""What an outlet is given to hand over the rest at the end."""

FAILED, LOST = "outlet-failed", "outlet-lost"

Tell: TypeAlias = Callable[[str, str], None]
"""Takes the kind of an event, and a message for people."""


class Transport(Sink, Protocol):
    """A sink that speaks some protocol. A RunError of it concerns one message: the next is tried again."""

    def begin(self, now_s: Callable[[], float], trouble: Callable[[str], None]) -> None:
        """The session begins.

        Args:
            now_s: session time of this moment, from any thread.
            trouble: may be told, from any thread but the caller's, what a person should know.
        """
        ...


_Call: TypeAlias = Callable[[Transport], None]


class AsyncSink:
    """Passes everything on to a transport, on a thread of its own, in the order in which it came.

    Args:
        transport: speaks the protocol.
        name: for people.
        finals: how many may wait.
        clock: its thread waits through it, so that a virtual clock knows.
    """

    def __init__(
        self, transport: Transport, name: str, *, finals: int = FINALS, clock: Clock | None = None
    ) -> None:
        self._transport, self._name = transport, name
        self._calls: Channel[_Call] = Channel(finals, Full.DROP_OLDEST, on_drop=self._count, clock=clock)
        # For each item that waits here, `_pass_provisional` waits among the calls: that keeps the order, and
        # leaves the room among the calls to what is final.
        self._provisionals: Channel[_Call] = Channel(
            PROVISIONALS, Full.DROP_OLDEST, on_drop=self._note_replaced
        )
        self._replaced = False
        self.lost = 0
        """Final results, words and events that were let go."""
        self._said: set[str] = set()
        self._tell: Tell = lambda kind, message: None
        self._thread: threading.Thread | None = None
        self._closed = False

    def begin(self, now_s: Callable[[], float], tell: Tell) -> None:
        """The session begins.

        Args:
            now_s: session time of this moment, from any thread.
            tell: is told of failures and losses, each once, from any thread but the one that tells this sink.
        """
        self._tell = tell
        self._transport.begin(now_s, lambda message: tell(FAILED, message))
        # A daemon: what hangs in a library at the end does not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=f"outlet {self._name}", daemon=True)
        self._thread.start()

    def point(self, point: TimelinePoint) -> None:
        """Pass on a tick."""
        self._put(lambda transport: transport.point(point), provisional=not point.final)

    def segment(self, segment: Segment) -> None:
        """Pass on an episode or a turning point."""
        self._put(lambda transport: transport.segment(segment))

    def event(self, event: Event) -> None:
        """Pass on an event."""
        self._put(lambda transport: transport.event(event))

    def words(self, transcript: Transcript) -> None:
        """Pass on what the transcriber said; without committed words it is provisional."""
        self._put(lambda transport: transport.words(transcript), provisional=not transcript.committed)

    def close(self, *, complete: bool) -> None:
        """Pass on the rest, as long as that takes no more than CLOSE_S."""
        if self._closed:
            return
        self._put(lambda transport: transport.close(complete=complete))
        self._closed = True
        self._calls.close()
        if self._thread is None:
            self._transport.close(complete=complete)
            return
        self._thread.join(CLOSE_S)
        self._calls.cancel()

    def _put(self, call: _Call, *, provisional: bool = False) -> None:
        if self._closed:
            return
        if not provisional:
            self._calls.put(call)
            return
        self._replaced = False
        self._provisionals.put(call)
        if not self._replaced:
            self._calls.put(self._pass_provisional)

    def _pass_provisional(self, transport: Transport) -> None:
        self._provisionals.get()(transport)

    def _note_replaced(self, calls: Sequence[_Call]) -> None:
        self._replaced = True

    def _count(self, calls: Sequence[_Call]) -> None:
        for call in calls:
            if call == self._pass_provisional:
                self._provisionals.get()
            else:
                self.lost += 1

    def _run(self) -> None:
        for call in self._calls:
            try:
                call(self._transport)
            except RunError as error:
                self._say(FAILED, f"{self._name}: {error}")
            except BaseException as error:
                self._say(FAILED, f"{self._name} has failed and gets nothing any more: {described(error)}")
                self._calls.cancel()
            if self.lost:
                self._say(LOST, f"{self._name} is too slow: the oldest results that waited were let go")

    def _say(self, kind: str, message: str) -> None:
        if kind not in self._said:
            self._said.add(kind)
            self._tell(kind, message)
