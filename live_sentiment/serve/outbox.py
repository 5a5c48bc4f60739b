"""What waits to be sent to one client: bounded, whatever the client does."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from live_sentiment.serve.messages import Message, bye_message, lost_message

PASSING = 16
"""Passing messages that wait at most: two seconds of them at the default hop."""
LASTING = 1200
"""Lasting messages that wait at most: some minutes of them. A client further behind is sent away."""


class Outbox:
    """First in, first out; too many passing messages push out the oldest of them, and it is told how many.

    A client that lets too many lasting messages wait gets nothing more but a farewell: it is told the truth,
    whole up to there, rather than one with holes. Not for several threads at once.
    """

    def __init__(self, first: Iterable[Message] = ()) -> None:
        self._waiting = deque(first)
        self._passing = sum(message.passing for message in self._waiting)
        self._closed = False
        self.lost = 0
        """Passing messages pushed out so far ..."""
        self._told = 0
        """... and those of them that the client was told of."""
        self.behind = False
        """Whether the client was sent away for being too slow."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: Message) -> None:
        """Let a message wait; after the last one nothing more does."""
        if self._closed:
            return
        if message.passing and self._passing >= PASSING:
            self._push_out()
        elif not message.passing and len(self._waiting) - self._passing >= LASTING:
            self._waiting.clear()
            self._passing = 0
            self.behind = True
            message = bye_message("behind")
        self._closed = message.last
        self._waiting.append(message)
        self._passing += message.passing

    def take(self) -> Message | None:
        """The next message to be sent; None where nothing waits."""
        if not self._waiting:
            return None
        if self.lost > self._told:
            message = lost_message(self.lost - self._told, self.lost)
            self._told = self.lost
            return message
        message = self._waiting.popleft()
        self._passing -= message.passing
        return message

    def _push_out(self) -> None:
        oldest = next(message for message in self._waiting if message.passing)
        self._waiting.remove(oldest)
        self._passing -= 1
        self.lost += 1
