"""What waits to be sent to one client: bounded, whatever the client does."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import count

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
        self._numbers = count()
        # Each with its number in the order of arrival; apart, so that the oldest passing one is at hand.
        self._passing: deque[tuple[int, Message]] = deque()
        self._lasting: deque[tuple[int, Message]] = deque()
        self._closed = False
        self.lost = 0
        """Passing messages pushed out so far ..."""
        self._told = 0
        """... and those of them that the client was told of."""
        self.behind = False
        """Whether the client was sent away for being too slow."""
        for message in first:
            self._append(message)

    def __len__(self) -> int:
        return len(self._passing) + len(self._lasting)

    def put(self, message: Message) -> None:
        """Let a message wait; after the last one nothing more does."""
        if self._closed:
            return
        if message.passing and len(self._passing) >= PASSING:
            self._passing.popleft()
            self.lost += 1
        elif not message.passing and len(self._lasting) >= LASTING:
            self._passing.clear()
            self._lasting.clear()
            self.behind = True
            message = bye_message("behind")
        self._closed = message.last
        self._append(message)

    def take(self) -> Message | None:
        """The next message to be sent; None where nothing waits."""
        if not self:
            return None
        if self.lost > self._told:
            message = lost_message(self.lost - self._told, self.lost)
            self._told = self.lost
            return message
        first = min(
            (queue for queue in (self._passing, self._lasting) if queue), key=lambda queue: queue[0][0]
        )
        return first.popleft()[1]

    def _append(self, message: Message) -> None:
        queue = self._passing if message.passing else self._lasting
        queue.append((next(self._numbers), message))
