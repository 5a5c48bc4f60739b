"""What a client that comes late is told of before."""

from __future__ import annotations

from collections import deque

from live_sentiment.runtime.snapshot import HISTORY_S
from live_sentiment.serve.messages import Message

KEPT = 600
"""Lasting messages kept at most, however many come in HISTORY_S: half of what may wait for one client."""


class History:
    """Keeps the lasting messages of the last HISTORY_S, and those passing ones that are not outdated."""

    def __init__(self) -> None:
        self._lasting: deque[Message] = deque(maxlen=KEPT)
        self._points: deque[Message] = deque(maxlen=KEPT)
        self._guess: Message | None = None
        self._newest_s = 0.0

    def point(self, message: Message) -> None:
        """A tick; a final one outdates the provisional ones up to it."""
        if message.passing:
            self._points.append(message)
            return
        while self._points and self._points[0].time_s <= message.time_s:
            self._points.popleft()
        self.lasting(message)

    def words(self, message: Message) -> None:
        """A pass of the transcriber; it outdates the guess of the pass before."""
        self._guess = message if message.passing else None
        if not message.passing:
            self.lasting(message)

    def lasting(self, message: Message) -> None:
        """Anything that is never outdated."""
        self._lasting.append(message)
        self._newest_s = max(self._newest_s, message.time_s)
        while self._lasting and self._lasting[0].time_s <= self._newest_s - HISTORY_S:
            self._lasting.popleft()

    def messages(self) -> list[Message]:
        """In the order in which they were told, passing ones behind."""
        guess = [] if self._guess is None else [self._guess]
        return [*self._lasting, *guess, *self._points]
