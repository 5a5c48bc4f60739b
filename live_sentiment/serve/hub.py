"""Where the analysis' thread and the server's meet: a sink on one side, the clients' queues on the other."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter

from live_sentiment.core.types import Event, TimelinePoint, Transcript
from live_sentiment.serve.history import History
from live_sentiment.serve.messages import (
    Message,
    bye_message,
    end_message,
    event_message,
    point_message,
    segment_message,
    words_message,
)
from live_sentiment.serve.outbox import Outbox
from live_sentiment.timeline.timeline import Segment


class Client:
    """One connection, as the server's thread sees it.

    Args:
        outbox: what waits for it.
        lock: guards the outbox.
    """

    def __init__(self, outbox: Outbox, lock: threading.Lock) -> None:
        self._outbox, self._lock = outbox, lock
        self.rung = asyncio.Event()
        """Set when something has come."""
        self.over = False
        """Whether it was given its last message."""

    async def next(self) -> Message:
        """The next message it is to be sent, once there is one."""
        while True:
            self.rung.clear()
            with self._lock:
                message = self._outbox.take()
            if message is not None:
                self.over = message.last
                return message
            await self.rung.wait()


class Hub:
    """A sink that never waits: it puts messages into the queues of the clients and rings the server's loop.

    All that it holds is bounded. The analysis' thread takes the lock for as long as it takes to append to
    each queue; nobody does anything slower while holding it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._history = History()
        self._clients: dict[Client, Outbox] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ringing = False
        self._last: Message | None = None
        self._last_s = 0.0
        self.points = Counter[str]()
        """Points told so far, by "provisional" and "final"."""
        self._lost_before = self._sent_away_before = 0
        """Of clients who are gone."""

    def point(self, point: TimelinePoint) -> None:
        """Tell a tick."""
        message = point_message(point)
        with self._lock:
            self.points["final" if point.final else "provisional"] += 1
            if point.final:
                self._last_s = point.time_s
            self._history.point(message)
            self._tell(message)

    def segment(self, segment: Segment) -> None:
        """Tell an episode or a turning point."""
        message = segment_message(segment)
        with self._lock:
            self._history.lasting(message)
            self._tell(message)

    def event(self, event: Event) -> None:
        """Tell an event."""
        message = event_message(event)
        with self._lock:
            self._history.lasting(message)
            self._tell(message)

    def words(self, transcript: Transcript) -> None:
        """Tell what the transcriber said."""
        message = words_message(transcript)
        with self._lock:
            self._history.words(message)
            self._tell(message)

    def close(self, *, complete: bool) -> None:
        """Tell that the session is over."""
        self._end(end_message(self._last_s, complete=complete))

    def shut(self) -> None:
        """Tell that the server closes, unless the session's end has been told."""
        self._end(bye_message("closing"))

    def attach(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """The loop whose clients are to be rung; None before it closes."""
        with self._lock:
            self._loop, self._ringing = loop, False

    def join(self, hello: Message) -> Client:
        """A new client, who gets `hello` and the recent history first; on the server's thread."""
        with self._lock:
            outbox = Outbox([hello, *self._history.messages()])
            if self._last is not None:
                outbox.put(self._last)
            client = Client(outbox, self._lock)
            self._clients[client] = outbox
            return client

    def leave(self, client: Client) -> None:
        """The client is gone; on the server's thread."""
        with self._lock:
            outbox = self._clients.pop(client)
            self._lost_before += outbox.lost
            self._sent_away_before += outbox.behind

    @property
    def clients(self) -> int:
        """Clients that are connected."""
        return len(self._clients)

    @property
    def lost(self) -> int:
        """Passing messages that clients did not get, over all clients."""
        with self._lock:
            return self._lost_before + sum(outbox.lost for outbox in self._clients.values())

    @property
    def sent_away(self) -> int:
        """Clients that were too far behind."""
        with self._lock:
            return self._sent_away_before + sum(outbox.behind for outbox in self._clients.values())

    def _end(self, message: Message) -> None:
        with self._lock:
            if self._last is None:
                self._last = message
                self._tell(message)

    def _tell(self, message: Message) -> None:
        for outbox in self._clients.values():
            outbox.put(message)
        # One ring at a time: a loop that is held up finds one, however much was told meanwhile.
        if self._loop is not None and self._clients and not self._ringing:
            self._ringing = True
            self._loop.call_soon_threadsafe(self._ring)

    def _ring(self) -> None:
        with self._lock:
            self._ringing = False
            clients = list(self._clients)
        for client in clients:
            client.rung.set()
